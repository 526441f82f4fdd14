"""What a campaign lacks, its account, and why this person (not)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import engine, freezing, selectors, services
from campaigns.models import Campaign, Run
from campaigns.uses import CampaignSegments
from config.lib import public_ids
from delivery import ledger
from delivery.models import DeliveryEvent, Message
from segments.models import Contact, Segment
from tests.factories import campaigns as make
from tests.factories.compliance import make_brand, make_sender
from tests.factories.delivery import make_contacts, make_people

AT = make.AT


def _missing(campaign: Campaign) -> list[tuple[str, str]]:
    return [(e.pointer, e.code) for e in selectors.readiness(selectors.with_plan(campaign.pk))]


@pytest.mark.django_db
def test_a_whole_campaign_is_ready() -> None:
    assert _missing(make.campaign()) == []


@pytest.mark.django_db
def test_all_that_is_missing_is_named_at_once() -> None:
    assert _missing(services.create(by=None, name="Bare")) == [
        ("/segments", "missing"), ("/brand", "missing"), ("/template", "missing"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_brand_without_name_or_address_is_not_complete() -> None:
    brand = make_brand("Bare", legal_name="", postal_address=" ")
    missing = _missing(make.campaign(brand=brand, sender=make_sender(brand)))
    assert ("/brand/legal_name", "missing") in missing
    assert ("/brand/postal_address", "missing") in missing


@pytest.mark.django_db
def test_the_sender_is_of_the_brand() -> None:
    assert ("/sender", "invalid") in _missing(make.campaign(sender=make_sender(make_brand("Other"))))
    assert ("/sender", "missing") in _missing(make.campaign(sender=None))


@pytest.mark.django_db
def test_the_findings_of_the_proof_stand_in_the_way() -> None:
    campaign = make.campaign(template=make.template("<p>Buy now!</p>"))
    problems = selectors.readiness(selectors.with_plan(campaign.pk))
    assert problems
    assert all(problem.pointer.startswith("/template/contents/0/") for problem in problems)
    assert problems[0].detail.startswith("Not everybody sees an unsubscribe link. Add a visible link")


@pytest.mark.django_db
def test_what_is_archived_or_has_no_rule_is_not_used() -> None:
    gone, bare = make.listed(make_people(1)), Segment.objects.create(name="Bare")
    gone.archived_at = timezone.now()
    gone.save()
    campaign = make.campaign(lists=[gone], segments=[bare], list=gone)
    assert _missing(campaign) == [("/segments/0", "missing"), ("/lists/0", "archived"), ("/list", "archived")]


@pytest.mark.django_db
def test_an_audience_that_is_excluded_altogether_is_empty() -> None:
    people = make_people(2)
    campaign = make.campaign(people, excluded_lists=[make.listed(people)])
    assert _missing(campaign) == [("/segments", selectors.EMPTY_AUDIENCE)]


@pytest.mark.django_db
def test_a_segment_knows_the_live_campaigns_that_stand_on_it() -> None:
    segment = Segment.objects.create(name="VIP")
    live = make.campaign(segments=[segment], excluded_segments=[segment])
    over = make.campaign(segments=[segment])
    Campaign.objects.filter(pk=over.pk).update(state="completed")
    uses = list(CampaignSegments().uses(segment.pk))
    assert [(use.name, use.public_id) for use in uses] == [(live.name, public_ids.encode("campaign", live.pk))]


@pytest.mark.usefixtures("committed_db")
def test_the_account_splits_by_state_and_reason_and_closes() -> None:
    run = make.frozen([*make_people(6), *make_contacts(None)])
    engine.advance(at=AT, seconds=60)
    make.settle(run, sent=2, failed=1, unknown=1)
    Message.objects.filter(state="failed").update(reason="gave_up")
    account = selectors.waterfall(run.campaign)
    assert (account.audience, account.sent, account.unknown, account.sending, account.waiting) == (7, 2, 1, 2, 0)
    assert (account.skipped, account.failed, account.cancelled) == ({"no_address": 1}, {"gave_up": 1}, 0)
    assert account.closes
    row = selectors.with_figures(Campaign.objects.all()).get()
    assert (row.audience, row.sent) == (7, 2)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("committed_db")
def test_an_account_that_lost_somebody_does_not_close() -> None:
    run = make.frozen()
    run.enrolments.filter(pk=run.enrolments.order_by("pk")[0].pk).delete()
    account = selectors.waterfall(run.campaign)
    assert (account.audience, account.accounted, account.closes) == (3, 2, False)


# Why did this person (not) get this?


def _answer(contact: Contact, campaign: Campaign) -> str:
    return selectors.explain(contact, Campaign.objects.get(pk=campaign.pk)).answer


@pytest.mark.django_db
def test_before_the_launch_the_answer_says_who_would_be_in_it() -> None:
    inside, outside = make_people(2)
    campaign = make.campaign(lists=[make.listed([inside], name="Readers")])
    assert _answer(inside, campaign) == (
        "No: the campaign has not been launched; it is draft. "
        "As things are now, they would be in its audience, by list Readers."
    )
    assert _answer(outside, campaign).endswith("As things are now, they are in none of its segments and lists.")


@pytest.mark.usefixtures("committed_db")
def test_who_was_excluded_hears_by_what() -> None:
    people = make_people(3)
    readers, staff = make.listed(people, name="Readers"), make.listed(people[:1], name="Staff")
    run = make.frozen(lists=[readers], excluded_lists=[staff])
    answer = _answer(people[0], run.campaign)
    assert answer.startswith("No: they were not in the audience when it was frozen on ")
    assert answer.endswith("As things are now, they are in list Readers, but are excluded by list Staff.")


@pytest.mark.usefixtures("committed_db")
def test_who_came_later_hears_that() -> None:
    run = make.frozen()
    assert _answer(make_people(1)[0], run.campaign).startswith("No: they became a contact after the audience was froz")


@pytest.mark.usefixtures("committed_db")
def test_the_answer_follows_a_person_through_the_run() -> None:
    contact = make_people(1)[0]
    run = make.launched([contact])
    assert _answer(contact, run.campaign).startswith("Not yet: the audience is still being frozen, and they are not in")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(freezing._Freeze, "finish", lambda self, at: None)
        freezing.freeze(run.pk)
    assert _answer(contact, run.campaign) == "Not yet: they are in the audience, which is still being frozen."
    Run.objects.filter(pk=run.pk).update(state="running", frozen_at=AT)
    assert _answer(contact, run.campaign).startswith("Not yet: they are in the audience, and their message is about to")
    services.pause(run.campaign, by=None)
    assert _answer(contact, run.campaign) == "Not yet: they are in the audience, and the campaign is paused."
    services.resume(run.campaign, by=None)
    engine.advance(at=AT, seconds=60)
    assert _answer(contact, run.campaign) == "The message waits to be sent."
    make.settle(run)
    assert _answer(contact, run.campaign) == "Yes: the message was sent on 2026-03-02 at 09:00 UTC."


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [
        ("claimed", "", "The message is about to be sent."),
        ("dispatching", "", "The message is being handed over now."),
        ("ready", "no_provider", "The message waits to be sent: no provider account is active."),
        ("skipped", "unsubscribed", "No: the message was skipped on 2026-03-02 at 09:00 UTC: they had unsubscribed."),
        ("failed", "gave_up", "No: the message failed on 2026-03-02 at 09:00 UTC: the server put it off for too long."),
        ("skipped", "missing_tag:city", "No: the message was skipped on 2026-03-02 at 09:00 UTC: missing tag: city."),
    ],
)
@pytest.mark.usefixtures("committed_db")
def test_the_answer_names_the_reason(state: str, reason: str, expected: str) -> None:
    contact = make_people(1)[0]
    run = make.frozen([contact])
    engine.advance(at=AT, seconds=60)
    Message.objects.update(state=state, reason=reason, settled_at=AT)
    assert _answer(contact, run.campaign) == expected


@pytest.mark.usefixtures("committed_db")
def test_who_was_cancelled_hears_when_in_their_way() -> None:
    contacts = make_people(2)
    run = make.frozen(contacts)
    services.cancel(run.campaign, by=None)
    expected = "No: they {} in the audience, but the campaign was cancelled before their message was made."
    assert _answer(contacts[0], run.campaign) == expected.format("are")
    make.work()
    assert _answer(contacts[0], run.campaign) == expected.format("were")
    late = make.launched(contacts)
    services.cancel(late.campaign, by=None)
    assert _answer(contacts[0], late.campaign).startswith(
        "No: the campaign was cancelled before its audience was whole"
    )


@pytest.mark.usefixtures("committed_db")
def test_what_happened_is_told_in_time_order() -> None:
    contact = make_people(1)[0]
    run = make.frozen([contact])
    engine.advance(at=AT, seconds=60)
    services.cancel(run.campaign, by=None)
    ledger.sweep()
    message = Message.objects.get()
    DeliveryEvent.objects.create(
        kind="bounced", message_id=message.pk, contact_id=contact.pk, campaign_id=run.campaign_id, channel="email",
        order_id=message.order_id, reason="address_permanent", detail="550 5.1.1 no such user",
        at=timezone.now() + timedelta(minutes=1),
    )  # fmt: skip
    told = selectors.explain(contact, run.campaign).happenings
    assert [one.text for one in told] == [
        "Entered the audience of run 1.",
        "Reached the end of the journey (their message was made).",
        "Message cancelled: the campaign was cancelled.",
        "Message bounced: the address does not exist. The server said: 550 5.1.1 no such user",
    ]
    assert [one.at for one in told] == sorted(one.at for one in told)


@pytest.mark.usefixtures("committed_db")
def test_where_a_campaign_stands_in_one_sentence() -> None:
    campaign = make.campaign()
    said = [selectors.standing(campaign)]
    run = services.launch(campaign, by=None, at=AT)
    said.append(selectors.standing(campaign))
    freezing.freeze(run.pk)
    said.append(selectors.standing(campaign))
    services.cancel(campaign, by=None)
    said.append(selectors.standing(campaign))
    make.work()
    make.work()
    said.append(selectors.standing(campaign))
    assert said == [
        "It is draft and was never launched.",
        "It is active; its audience is being frozen: 0 people so far.",
        "It is active; its audience is 3.",
        "It was cancelled; its accounts are being closed.",
        "It is cancelled; its audience is 3.",
    ]
