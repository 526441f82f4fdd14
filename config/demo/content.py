"""What the demo shows: a brand, people, templates, a segment, campaigns, and what is around. Again changes nothing."""

import secrets
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone

from campaigns import services as campaigns
from campaigns.models import Campaign
from compliance.models import Brand, Sender
from config.demo import around, past
from config.demo.people import People, write_people
from config.lib import public_ids
from delivery.models import ProviderAccount
from segments.models import ContactList, Import, Segment
from segments.services import imports
from segments.services.lists import create_list
from segments.services.segments import create_segment
from templates.drafts import ContentDraft
from templates.models import MessageTemplate
from templates.services import create_template, save_version

USER = "demo"
CAMPAIGNS = 6
STARTERS = settings.BASE_DIR / "templates" / "starters"


@dataclass(frozen=True)
class Starter:
    """A template of ours: its file below templates/starters, and its lines."""

    file: str
    name: str
    subject: str
    preheader: str


TEMPLATES = (
    Starter(
        "newsletter",
        "Newsletter",
        "{{ first_name | default: 'Hello' }}, news from {{ brand.name }}",
        "What is new this month",
    ),
    Starter("promotion", "Promotion", "A week of offers from {{ brand.name }}", "Until Sunday, for you"),
    Starter("welcome", "Welcome", "Welcome, {{ first_name | default: 'friend' }}", "Good to have you here"),
)


def login() -> tuple[str, str]:
    """The name and password of the demo's person; the password is made once and kept in the state folder."""
    kept = Path(settings.STATE_DIR) / "demo-password"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(9))
    password = kept.read_text()
    users = get_user_model().objects
    user, made = users.get_or_create(
        username=USER, defaults={"is_staff": True, "is_superuser": True, "email": "demo@postrider.example"}
    )
    if made or not user.check_password(password):
        user.set_password(password)
        user.save()
    return USER, password


def set_up(people: int) -> bool:
    """All of it, with a first campaign on its way; whether that was made just now."""
    sender = brand()
    provider()
    news = newsletter_list()
    if not news.memberships.exists():
        import_people(people, news)
    for starter in TEMPLATES:
        template(starter)
    pros = _segment("Pro customers in Europe", _PROS)
    if Campaign.objects.exists():
        return False
    around.lay(pros, timezone.now())
    _campaigns(sender, news, pros, timezone.now())
    return True


def _campaigns(sender: Sender, news: ContactList, pros: Segment, at: datetime) -> None:
    """Three that are over, one that goes out now, one with a time, and a draft: as many as CAMPAIGNS."""
    newsletter, promotion, _welcome = TEMPLATES
    week = past.Week(at)
    past.lay(_campaign("Hiking season", sender, newsletter, news, lists=[news]), week, days_ago=6, hour=8)
    past.lay(
        _campaign("Early access for pro customers", sender, promotion, news, segments=[pros]), week, days_ago=4, hour=15
    )
    past.lay(_campaign("Weekend offers", sender, promotion, news, lists=[news]), week, days_ago=2, hour=9)
    first = _campaign("Autumn newsletter", sender, newsletter, news, lists=[news])
    campaigns.launch(first, by=None, at=timezone.now())
    later = _campaign("Winter catalogue", sender, newsletter, news, lists=[news])
    nine = (at + timedelta(days=9)).replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None)
    campaigns.schedule(later, local=nine, zone="Europe/London", by=None, at=at)
    _campaign("Offers for pro customers", sender, promotion, news, segments=[pros])


def brand() -> Sender:
    """The demo's brand is complete; returns its sender."""
    acme, _ = Brand.objects.get_or_create(
        name="Acme Outdoor",
        defaults={
            "legal_name": "Acme Outdoor Ltd",
            "postal_address": "12 Harbour Street, Bristol BS1 4QA, United Kingdom",
            "contact_url": "https://acme-outdoor.example",
        },
    )
    sender, _ = Sender.objects.get_or_create(
        brand=acme,
        from_email="news@acme-outdoor.example",
        from_name="Acme Outdoor",
        defaults={"reply_to": "hello@acme-outdoor.example"},
    )
    return sender


def provider() -> None:
    ProviderAccount.objects.get_or_create(name="Local mailbox", defaults={"kind": "mailbox"})


def newsletter_list() -> ContactList:
    return ContactList.objects.filter(name="Newsletter").first() or create_list(
        name="Newsletter", description="Once a month"
    )


def import_people(count: int, to_list: ContactList) -> tuple[People, Import]:
    """A generated CSV through the real importer: received, checked, written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        people = write_people(path, count)
        with path.open("rb") as file:
            received = imports.receive(file=file, name=path.name)
    imports.prepare(received, to_list=to_list)
    checked = imports.carry_on(received.pk, at=timezone.now())
    imports.start(checked)
    return people, imports.carry_on(received.pk, at=timezone.now())


def template(starter: Starter) -> MessageTemplate:
    """A starter as a template of this deployment, in English."""
    found = MessageTemplate.objects.filter(name=starter.name).first() or create_template(name=starter.name, by=None)
    if not found.current_id:
        body, text = ((STARTERS / f"{starter.file}.{kind}").read_text() for kind in ("mjml", "txt"))
        draft = ContentDraft("en", "mjml", starter.subject, body, preheader=starter.preheader, text=text)
        save_version(found, contents=[draft], by=None, fallbacks={"first_name": "there"})
        found.refresh_from_db()
    return found


_PROS: dict[str, Any] = {
    "logic": "AND",
    "conditions": [
        {"field": "plan", "operator": "equals", "value": "pro"},
        {"field": "country", "operator": "in", "value": ["GB", "DE", "ES"]},
    ],
}


def _segment(name: str, criteria: dict[str, Any]) -> Segment:
    return Segment.objects.filter(name=name).first() or create_segment(name=name, criteria=criteria, by=None)


def _campaign(name: str, sender: Sender, starter: Starter, news: ContactList, **audience: Any) -> Campaign:
    return campaigns.create(
        by=None, name=name, brand=sender.brand, sender=sender, template=template(starter), list=news, **audience
    )


def check_campaign(sender: Sender, imported: Import, news: ContactList) -> Campaign:
    """The campaign of `demo --check`: to the people of one import, found again by a segment."""
    came = create_segment(
        name=f"Came with import {imported.pk}",
        criteria={
            "logic": "AND",
            "conditions": [{"field": "import", "operator": "in", "value": [public_ids.encode("import", imported.pk)]}],
        },
        by=None,
    )
    return _campaign("Check", sender, TEMPLATES[0], news, segments=[came])
