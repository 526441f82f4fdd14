"""A small world with conditions of every kind, and everything that may be done in it."""

import re
from typing import Any

from django.utils import timezone
from hypothesis import strategies as st

from campaigns.models import Campaign, Enrolment, JourneyVersion, Run, Step
from compliance.models import Reason, Scope
from compliance.services.suppressions import lift, suppress_email
from config.lib import public_ids
from delivery.models import DeliveryEvent, Message
from segments.models import Attribute, Contact, Segment
from segments.predicates.base import Catalogue
from segments.services import membership_passes, memberships, rfm, upkeep
from segments.services.attributes import register_attribute
from segments.services.contacts import edit_contact
from segments.services.lists import add_to_list, remove_from_list
from segments.services.merging import merge_contacts
from segments.services.segments import create_segment, save_criteria
from tests.factories.delivery import make_order
from tests.factories.events import event, take
from tests.factories.segments import contact, contact_list, csv_bytes, imported
from tests.segments.membership_worlds import rule

GERMAN = rule("country", "equals", "DE")


def _id(segment: Segment) -> str:
    return public_ids.encode("segment", segment.pk)


class World:
    """Some people, lists and segments that stand on each other, and everything that may be done to them."""

    def __init__(self) -> None:
        self.people = [contact(country="DE", external_id=f"u{n}") for n in range(8)]
        self.lists = [contact_list(f"list {n}") for n in range(2)]
        self.campaign = Campaign.objects.create(name="Spring")
        self.version = JourneyVersion.objects.create(campaign=self.campaign, number=1, entry="send")
        self.step = Step.objects.create(version=self.version, key="send", kind="send")
        self.order = make_order(campaign_id=self.campaign.pk)
        self.first = imported(csv_bytes(["email", "country"], ["i0@example.test", "DE"]))
        register_attribute(name="plan", type=Attribute.Type.STRING)
        self.rules = self._rules()
        self.segments = [create_segment(name=f"segment {n}", criteria=one) for n, one in enumerate(self.rules)]
        first, second = _id(self.segments[0]), _id(self.segments[2])
        self.last = {**rule("segment", "not_in", [first]), "exclude_segments": [second]}
        self.segments.append(create_segment(name="on others", criteria=self.last))

    def _rules(self) -> list[dict[str, Any]]:
        named = [public_ids.encode("list", one.pk) for one in self.lists]
        campaign = public_ids.encode("campaign", self.campaign.pk)
        twice = {"operator": "greater_than", "value": 1}
        dear = {"property": "total", "operator": "greater_than", "value": 9}
        return [
            GERMAN,
            rule("attributes.plan", "not_equals", "pro"),
            rule("list", "in", named[:1]),
            rule("list", "not_in", named[1:]),
            rule("country_group", "in", ["european_union"]),
            rule("import", "not_in", [public_ids.encode("import", self.first.pk)]),
            rule("event.order_completed", "did", {"count": twice}),
            rule("event.order_completed", "did_not", {"within": "30_days", "where": [dear]}),
            rule("purchases.total_spent", "greater_than", 9),
            rule("purchases.purchase_count", "less_than", 2),
            rule("rfm.frequency_score", "greater_than", 2),
            rule("message.opened", "did", {"within": "30_days"}),
            rule("message.clicked", "did_not", {"count": twice, "campaigns": [campaign], "machines": True}),
            rule("message.sent", "did", {"campaigns": [campaign]}),
            rule("campaign", "in", [campaign]),
            rule("may_be_mailed", "equals", True),
            rule("suppressed_because", "in", ["manual"]),
            {"logic": "OR", "conditions": [*GERMAN["conditions"], *rule("list", "in", named)["conditions"]]},
        ]

    def kinds(self) -> set[str]:
        """Of the conditions of its rules."""
        catalogue = Catalogue.load()
        fields = {field for one in (*self.rules, self.last) for field in re.findall(r"'field': '([^']+)'", str(one))}
        return {catalogue[field].predicate.kind for field in fields}

    def person(self, n: int) -> Contact:
        return Contact.objects.order_by("pk")[n % 4]

    def do(self, verb: str, n: int, m: int) -> None:
        getattr(self, verb)(n, m)

    def country(self, n: int, m: int) -> None:
        edit_contact(self.person(n), {"country": ("DE", "FR", "")[m % 3]})

    def plan(self, n: int, m: int) -> None:
        edit_contact(self.person(n), {"attributes": {"plan": ("pro", "free", None)[m % 3]}})

    def enlist(self, n: int, m: int) -> None:
        add_to_list(self.lists[m % 2], [self.person(n).pk])

    def unlist(self, n: int, m: int) -> None:
        remove_from_list(self.lists[m % 2], [self.person(n).pk])

    def come(self, n: int, m: int) -> None:
        contact(country=("DE", "FR")[m % 2])

    def go(self, n: int, m: int) -> None:
        if Contact.objects.count() > 4:
            self.person(n).delete()

    def merge(self, n: int, m: int) -> None:
        kept, gone = self.person(n), self.person(m)
        if kept != gone and Contact.objects.count() > 4:
            merge_contacts(kept_id=kept.pk, gone_id=gone.pk, at=timezone.now())

    def act(self, n: int, m: int) -> None:
        take(event("order_completed", user_id=f"u{n}", properties={"total": m}), at=timezone.now())

    def rule(self, n: int, m: int) -> None:
        save_criteria(self.segments[n % len(self.rules)], self.rules[m % len(self.rules)])

    def bring(self, n: int, m: int) -> None:
        imported(csv_bytes(["email", "country"], [f"i{n}@example.test", ("DE", "FR")[m % 2]]))

    def settle(self, n: int, m: int) -> None:
        memberships.settle_touches(limit=1 + m)

    def tick(self, n: int, m: int) -> None:
        upkeep.plan(at=timezone.now())
        for segment_id in membership_passes.waiting(at=timezone.now()):
            membership_passes.pass_next(segment_id, at=timezone.now())

    def score(self, n: int, m: int) -> None:
        rfm.take(at=timezone.now())

    def deliver(self, n: int, m: int) -> None:
        """A message to somebody is sent, and opened or clicked, by them or by a machine."""
        person, campaign = self.person(n), self.campaign.pk
        told = {"message_id": 100 * n + m, "contact_id": person.pk, "campaign_id": campaign, "order_id": self.order.pk}
        Message.objects.get_or_create(
            order=self.order, contact_id=person.pk, defaults={"state": "sent", "settled_at": timezone.now()}
        )
        for kind in ("sent", ("opened", "clicked")[m % 2]):
            reason = "scanner" if m % 3 == 2 and kind != "sent" else ""
            DeliveryEvent.objects.create(kind=kind, channel="email", at=timezone.now(), reason=reason, **told)

    def launch(self, n: int, m: int) -> None:
        of = {"campaign": self.campaign, "version": self.version, "number": self.campaign.runs.count() + 1}
        run = Run.objects.create(**of, state=Run.State.FREEZING, started_at=timezone.now())
        Enrolment.objects.create(run=run, step=self.step, contact_id=self.person(n).pk)
        Run.objects.filter(pk=run.pk).update(state=Run.State.RUNNING)

    def suppress(self, n: int, m: int) -> None:
        if email := self.person(n).email:
            suppress_email(email, **_MANUAL)

    def lift(self, n: int, m: int) -> None:
        if email := self.person(n).email:
            lift(email, actor_id=None, note="they asked to", **_MANUAL)


_MANUAL: Any = {"scope": Scope.GLOBAL, "scope_id": 0, "reason": Reason.MANUAL, "source": "test", "at": timezone.now()}
_VERBS = [
    "country", "plan", "enlist", "unlist", "come", "go", "merge", "act", "rule", "bring", "settle", "tick",
    "score", "deliver", "launch", "suppress", "lift",
]  # fmt: skip
DEEDS = st.tuples(st.sampled_from(_VERBS), st.integers(0, 20), st.integers(0, 20))
