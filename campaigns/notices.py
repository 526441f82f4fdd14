"""What a campaign's owner is told by mail: system mail, apart from what campaigns send."""

import structlog
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.mail import send_mail
from django.db.models import Q
from django.urls import reverse

from campaigns.models import Campaign
from config.lib import public_ids

log = structlog.get_logger(__name__)
_TEXT = """\
{campaign} was paused.

{reason}

Nothing more goes out until somebody resumes it; nobody is lost. Look at it here:
{url}
"""


def paused(campaign: Campaign) -> None:
    """That it paused itself and why. A mail that cannot be sent is logged: the page says the same."""
    to = _addresses(campaign)
    url = settings.BASE_URL + reverse("campaigns:campaign", args=[public_ids.encode("campaign", campaign.pk)])
    text = _TEXT.format(campaign=campaign.name, reason=campaign.held_reason, url=url)
    try:
        send_mail(f"Paused: {_one_line(campaign.name)}", text, None, to)
    except OSError:  # SMTPException is one
        log.exception("notice_failed", campaign=campaign.pk, recipients=len(to))


def _addresses(campaign: Campaign) -> list[str]:
    """Of who made it; when that is nobody who can be reached, of those who may launch."""
    owner = campaign.created_by
    if owner and owner.is_active and owner.email:
        return [owner.email]
    may = Permission.objects.filter(content_type__app_label="campaigns", codename="launch_campaign")
    people = User.objects.filter(
        Q(is_superuser=True) | Q(groups__permissions__in=may) | Q(user_permissions__in=may), is_active=True
    ).exclude(email="")
    return sorted(set(people.values_list("email", flat=True)))


def _one_line(text: str) -> str:
    return " ".join(text.split())
