"""Conditions on messages and audiences: whatever the log says, SQL finds exactly whom plain Python finds."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pytest_django import DjangoDbBlocker

from campaigns.models import Campaign, Enrolment, JourneyVersion, Run, Step
from config.lib import public_ids
from delivery.models import DeliveryEvent, Hit, Judgement, Message, SendOrder
from segments.compiler import contacts_matching
from segments.dependence import reads
from segments.errors import InvalidCriteria
from segments.explaining import explain
from segments.models import Contact, FormerContact
from segments.schema import json_schema
from segments.trees import names_of, normalise
from tests.factories.delivery import make_order

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
KINDS = ["sent", "opened", "clicked", "bounced", "complained", "unsubscribed"]


@dataclass(frozen=True)
class Met:
    """Something that a message of a campaign met with; `human` where that is asked."""

    kind: str
    campaign: int
    message: int
    at: datetime
    human: bool = True


@dataclass(frozen=True, eq=False)
class Mailed:
    """People by row id with what their messages met with and the campaigns whose audience they were in."""

    campaigns: list[int]
    met: dict[int, list[Met]] = field(default_factory=lambda: defaultdict(list))
    audiences: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    people: set[int] = field(default_factory=set)

    def matches(self, pk: int, rule: Any) -> bool:
        if rule["operator"] in ("did_not", "not_in"):
            return not self.matches(pk, {**rule, "operator": {"did_not": "did", "not_in": "in"}[rule["operator"]]})
        value: Any = rule["value"]
        if rule["field"] == "campaign":
            return bool(self.audiences[pk] & set(_ids(value)))
        named = _ids(value.get("campaigns", []))
        meant = {
            one.message for one in self.met[pk]
            if one.kind == rule["field"].removeprefix("message.")
            and (one.campaign in named if named else one.campaign)
            and (one.human or value.get("machines", False))
            and ("within" not in value or AT - int(value["within"].split("_")[0]) * DAY <= one.at <= AT)
        }  # fmt: skip
        if "count" not in value:
            return bool(meant)
        operator, number = value["count"]["operator"], int(value["count"]["value"])
        return {"equals": len(meant) == number, "greater_than": len(meant) > number,
                "less_than": len(meant) < number}[operator]  # fmt: skip


def _ids(texts: list[str]) -> list[int]:
    return [public_ids.decode("campaign", text) for text in texts]


def _build() -> Mailed:
    chance = random.Random(1)
    campaigns = [Campaign.objects.create(name=f"Campaign {n}").pk for n in range(3)]
    mailed = Mailed(campaigns)
    people = Contact.objects.bulk_create(Contact(external_id=f"c{n}") for n in range(40))
    mailed.people.update(one.pk for one in people)
    former = {people[n].pk + 10**6: people[n].pk for n in range(5)}  # people who were somebody else before
    FormerContact.objects.bulk_create(FormerContact(former_id=old, contact_id=new) for old, new in former.items())
    orders = {pk: make_order(campaign_id=pk or 10**6) for pk in (0, *campaigns)}
    SendOrder.objects.filter(pk=orders[0].pk).update(campaign_id=0)  # a test
    for message in range(1, 150):
        logged_as = chance.choice([*(one.pk for one in people), *former])
        campaign = chance.choice([0, *campaigns])
        contact = former.get(logged_as, logged_as)
        at = AT - chance.choice([timedelta(), DAY, DAY + MOMENT, 7 * DAY, 7 * DAY + MOMENT, -MOMENT])
        kind = chance.choice(KINDS)
        names = {
            "message_id": message,
            "contact_id": logged_as,
            "campaign_id": campaign,
            "order_id": orders[campaign].pk,
        }
        if kind == "sent":
            if not Message.objects.filter(order=orders[campaign], contact_id=logged_as).exists():
                made = Message.objects.create(order=orders[campaign], contact_id=logged_as, state="sent", settled_at=at)
                mailed.met[contact].append(Met("sent", campaign, made.pk, at))
            continue
        mailed.met[contact].append(Met(kind, campaign, message, at, human := _logged(chance, kind, at, names)))
        if chance.random() < 0.2 and human:  # twice is one message
            DeliveryEvent.objects.create(kind=kind, channel="email", at=at, **names)
    _enrol(chance, mailed, former)
    return mailed


def _logged(chance: random.Random, kind: str, at: datetime, names: dict[str, Any]) -> bool:
    """Write it down; whether it was a person, as the newest judgement has it."""
    human = kind not in ("opened", "clicked") or chance.random() < 0.6
    DeliveryEvent.objects.create(kind=kind, channel="email", at=at, reason="" if human else "prefetch", **names)
    if kind in ("opened", "clicked"):
        hit = Hit.objects.create(at=at, kind=kind, agent_hash=1, **names)
        Judgement.objects.create(hit_id=hit.pk, verdict="human" if human else "prefetch", rules_version=1)
        if chance.random() < 0.4:
            human = not human
            Judgement.objects.create(hit_id=hit.pk, verdict="human" if human else "scanner", rules_version=2)
            DeliveryEvent.objects.create(kind="rejudged", channel="email", reason="" if human else "scanner", **names)
    return human


def _enrol(chance: random.Random, mailed: Mailed, former: dict[int, int]) -> None:
    for number, campaign in enumerate(mailed.campaigns):
        version = JourneyVersion.objects.create(campaign_id=campaign, number=1, entry="send")
        step = Step.objects.create(version=version, key="send", kind="send")
        state = Run.State.FREEZING if number == 2 else Run.State.RUNNING
        run = Run.objects.create(campaign_id=campaign, number=1, version=version, state=state, started_at=AT)
        chosen = chance.sample([*mailed.people, *former], 12)
        Enrolment.objects.bulk_create(Enrolment(run=run, step=step, contact_id=pk) for pk in chosen)
        if state == Run.State.RUNNING:
            for pk in chosen:
                mailed.audiences[former.get(pk, pk)].add(campaign)


@pytest.fixture(scope="module")
def mailed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Mailed]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield _build()
        transaction.set_rollback(True)
    connection.close()


def _rules(mailed: Mailed) -> st.SearchStrategy[dict[str, Any]]:
    ids = [public_ids.encode("campaign", pk) for pk in mailed.campaigns]
    named = st.lists(st.sampled_from(ids), min_size=1, max_size=2, unique=True)
    counts = st.fixed_dictionaries({"operator": st.sampled_from(["equals", "greater_than", "less_than"]),
                                    "value": st.integers(0, 3)})  # fmt: skip
    values = st.fixed_dictionaries(
        {}, optional={"campaigns": named, "count": counts, "within": st.sampled_from(["1_day", "7_days"])}
    )

    @st.composite
    def engaged(draw: st.DrawFn) -> dict[str, Any]:
        kind = draw(st.sampled_from(KINDS))
        value: dict[str, Any] = {**draw(values)}
        if kind in ("opened", "clicked") and draw(st.booleans()):
            value["machines"] = True
        return {"field": f"message.{kind}", "operator": draw(st.sampled_from(["did", "did_not"])), "value": value}

    enrolled = st.fixed_dictionaries(
        {"field": st.just("campaign"), "operator": st.sampled_from(["in", "not_in"]), "value": named}
    )
    return st.one_of(engaged(), engaged(), engaged(), enrolled)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_conditions_on_messages_find_whom_plain_python_finds(mailed: Mailed, data: st.DataObject) -> None:
    rule = data.draw(_rules(mailed))
    meant = {pk for pk in mailed.people if mailed.matches(pk, rule)}
    batch = data.draw(st.sets(st.sampled_from(sorted(mailed.people)), min_size=1, max_size=8))

    def found(rule: Any, among: Any = None) -> set[int]:
        return set(contacts_matching(rule, at=AT, among=among).values_list("pk", flat=True))

    assert found(rule) == meant
    assert found({"not": rule}) == mailed.people - meant
    assert found(rule, batch) == meant & batch
    assert found(rule, range(min(batch), max(batch))) == {pk for pk in meant if min(batch) <= pk < max(batch)}
    normal = normalise(rule)
    assert found(normal) == meant
    assert Draft202012Validator(json_schema()).is_valid(normal)


@pytest.mark.django_db
def test_campaigns_are_read_by_name_wherever_they_stand() -> None:
    spring = public_ids.encode("campaign", Campaign.objects.create(name="Spring").pk)
    value = {"campaigns": [spring], "count": {"operator": "gte", "value": 2}, "within": "30 days"}
    rule = {"field": "message.clicked", "operator": "did_not", "value": value}
    assert explain(rule) == (
        "Contacts where the contact has not clicked a link in a message of the campaign “Spring” at least 2 times in"
        " the last 30 days."
    )
    assert names_of(rule) == {spring: "Spring"}
    assert "the contact was in the audience of the campaign “Spring”" in explain(
        {"field": "campaign", "operator": "in", "value": spring}
    )


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_whoever_keeps_members_up_is_told_by_the_log(kind: str) -> None:
    rule = {"field": f"message.{kind}", "operator": "did", "value": {"within": "1_day"}}
    statement, _values = contacts_matching(rule).values("pk").query.sql_with_params()
    kinds, unwatched = reads(statement)
    assert kinds == {"people", "messages"}
    assert not unwatched


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "value", "pointer"),
    [
        ("opened", {"campaigns": ["nonsense"]}, "/value/campaigns/0"),
        ("opened", {"campaigns": ["1111111111z"]}, "/value/campaigns/0"),
        ("sent", {"machines": True}, "/value/machines"),
        ("opened", {"machines": "yes"}, "/value/machines"),
        ("opened", {"within": "1_day", "between": ["today", "today"]}, "/value/between"),
        ("opened", {"times": 3}, "/value/times"),
        ("opened", {"count": {"operator": "gt", "value": "2"}}, "/value/count/value"),
        ("opened", 7, "/value"),
    ],
)
def test_what_cannot_be_is_told_at_its_place(kind: str, value: Any, pointer: str) -> None:
    with pytest.raises(InvalidCriteria) as told:
        normalise({"field": f"message.{kind}", "operator": "did", "value": value})
    assert [one.pointer for one in told.value.errors] == [pointer]


@pytest.mark.django_db
def test_a_campaign_that_is_gone_is_told_at_its_place() -> None:
    gone = public_ids.encode("campaign", 10**6)
    with pytest.raises(InvalidCriteria) as told:
        normalise({"field": "message.sent", "operator": "did", "value": {"campaigns": [gone]}})
    assert [one.pointer for one in told.value.errors] == ["/value/campaigns/0"]
