"""Segments are saved as versions that never change, and never in a circle."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction

from config.lib import public_ids
from config.lib.errors import Invalid, NotFound
from segments.compiler import MAX_CHAIN
from segments.errors import InvalidCriteria, SegmentArchived, SegmentInUse, SegmentTooSlow
from segments.models import Contact, Segment, SegmentVersion
from segments.selectors import audience, size_and_sample, used_by
from segments.selectors.limits import time_limit
from segments.services.segments import (
    archive_segment,
    create_segment,
    edit_segment,
    measure_segment,
    restore_segment,
    roll_back,
    save_criteria,
)
from segments.uses import Use
from tests.conftest import CommittedDb

AT = datetime(2024, 3, 31, tzinfo=UTC)
EVERYBODY = {"field": "created_at", "operator": "exists"}


def leaf(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def is_called(name: str) -> dict[str, Any]:
    return {"logic": "AND", "conditions": [leaf("first_name", "equals", name)]}


def named(*segments: Segment) -> dict[str, Any]:
    return leaf("segment", "in", [public_ids.encode("segment", one.pk) for one in segments])


@pytest.mark.django_db
def test_a_new_segment_has_version_1_and_its_maker() -> None:
    by = get_user_model().objects.create(username="ana")
    segment = create_segment(name=" Anas ", criteria=is_called("Ana"), by=by, description="d", dynamic=False)
    segment.refresh_from_db()
    assert (segment.name, segment.description, segment.dynamic, segment.created_by) == ("Anas", "d", False, by)
    assert segment.current
    assert (segment.current.number, segment.current.criteria) == (1, is_called("Ana"))
    assert segment.current.created_by_id == by.pk


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "  ", "x" * 256, "Taken"])
def test_a_name_is_needed_and_taken_once(name: str) -> None:
    create_segment(name="Taken", criteria=EVERYBODY)
    with pytest.raises(Invalid) as raised:
        create_segment(name=name, criteria=EVERYBODY)
    assert raised.value.pointer == "/name"


@pytest.mark.django_db
def test_a_rule_that_is_wrong_makes_no_segment() -> None:
    with pytest.raises(InvalidCriteria):
        create_segment(name="S", criteria={})
    assert not Segment.objects.exists()


@pytest.mark.django_db
def test_each_save_of_another_rule_is_a_new_version() -> None:
    segment = create_segment(name="S", criteria=is_called("Ana"))
    save_criteria(segment, is_called("Ben"))
    assert list(segment.versions.order_by("number").values_list("number", "criteria")) == [
        (1, is_called("Ana")),
        (2, is_called("Ben")),
    ]
    segment.refresh_from_db()
    assert segment.current
    assert segment.current.number == 2


@pytest.mark.django_db
def test_saving_the_same_rule_makes_no_version() -> None:
    segment = create_segment(name="S", criteria=is_called("Ana"))
    same = save_criteria(segment, {"conditions": [leaf("user.first_name", "is", "Ana")], "logic": "and"})
    assert same.number == 1


@pytest.mark.django_db
def test_going_back_is_a_new_version_with_the_old_rule() -> None:
    segment = create_segment(name="S", criteria=is_called("Ana"))
    save_criteria(segment, is_called("Ben"))
    back = roll_back(segment, 1)
    assert (back.number, back.criteria) == (3, is_called("Ana"))
    with pytest.raises(NotFound, match="no version 9"):
        roll_back(segment, 9)


@pytest.mark.django_db
def test_a_version_cannot_be_changed_or_deleted() -> None:
    create_segment(name="S", criteria=is_called("Ana"))
    with pytest.raises(DatabaseError), transaction.atomic():
        SegmentVersion.objects.update(number=2)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM segments_segmentversion")


@pytest.mark.django_db
def test_a_circle_is_refused_with_its_path() -> None:
    one = create_segment(name="One", criteria=EVERYBODY)
    two = create_segment(name="Two", criteria=named(one))
    three = create_segment(name="Three", criteria={"conditions": [EVERYBODY], "exclude_segments": named(two)["value"]})
    with pytest.raises(InvalidCriteria, match="One → Three → Two → One"):
        save_criteria(one, named(three))
    with pytest.raises(InvalidCriteria, match="One → One"):
        save_criteria(one, {"not": named(one)})
    assert one.versions.count() == 1


@pytest.mark.django_db
def test_a_change_that_would_break_those_above_is_refused() -> None:
    bottom = create_segment(name="bottom", criteria=EVERYBODY)
    above = bottom
    for number in range(1, MAX_CHAIN):
        above = create_segment(name=f"level {number}", criteria=named(above))
    other = create_segment(name="other", criteria=EVERYBODY)
    with pytest.raises(InvalidCriteria, match=f"segment 'level {MAX_CHAIN - 1}' stands on this one"):
        save_criteria(bottom, named(other))


@pytest.mark.django_db
def test_a_segment_in_use_cannot_be_archived_and_says_by_whom() -> None:
    one = create_segment(name="One", criteria=EVERYBODY)
    two = create_segment(name="Two", criteria={"conditions": [EVERYBODY, {"not": {"conditions": [named(one)]}}]})
    assert used_by(one) == [Use("segment", "Two", public_ids.encode("segment", two.pk))]
    with pytest.raises(SegmentInUse, match="segment 'Two'"):
        archive_segment(one, at=AT)
    save_criteria(two, EVERYBODY)
    archive_segment(one, at=AT)
    one.refresh_from_db()
    assert one.archived_at == AT


@pytest.mark.django_db
def test_an_archived_segment_is_not_changed_or_used_until_it_is_restored() -> None:
    one = create_segment(name="One", criteria=EVERYBODY)
    two = create_segment(name="Two", criteria=named(one))
    save_criteria(two, EVERYBODY)
    archive_segment(one)
    with pytest.raises(SegmentArchived):
        save_criteria(one, is_called("Ana"))
    with pytest.raises(InvalidCriteria, match="archived"):
        roll_back(two, 1)
    restore_segment(one)
    assert save_criteria(one, is_called("Ana")).number == 2
    assert roll_back(two, 1).number == 3


@pytest.mark.django_db
def test_a_segment_is_restored_only_when_what_it_names_is() -> None:
    one = create_segment(name="One", criteria=EVERYBODY)
    two = create_segment(name="Two", criteria=named(one))
    archive_segment(two)
    archive_segment(one)
    with pytest.raises(InvalidCriteria, match="'One'"):
        restore_segment(two)


@pytest.mark.django_db
def test_editing_changes_the_name_and_not_the_rule() -> None:
    segment = create_segment(name="One", criteria=EVERYBODY)
    create_segment(name="Two", criteria=EVERYBODY)
    edit_segment(segment, name="Three", description="d", dynamic=False)
    edit_segment(segment, name="Three", description="e", dynamic=False)
    segment.refresh_from_db()
    assert (segment.name, segment.description, segment.versions.count()) == ("Three", "e", 1)
    with pytest.raises(Invalid, match="Two"):
        edit_segment(segment, name="Two", description="", dynamic=True)


@pytest.mark.django_db
def test_a_size_is_kept_with_its_time_and_dropped_with_its_rule() -> None:
    Contact.objects.create(first_name="Ana")
    segment = create_segment(name="S", criteria=is_called("Ana"))
    assert measure_segment(segment, at=AT) == 1
    segment.refresh_from_db()
    assert (segment.size, segment.sized_at) == (1, AT)
    save_criteria(segment, is_called("Ben"))
    segment.refresh_from_db()
    assert (segment.size, segment.sized_at) == (None, None)


@pytest.mark.django_db
def test_a_preview_counts_and_shows_the_first_by_id() -> None:
    people = [Contact.objects.create(first_name="Ana") for _ in range(3)]
    preview = size_and_sample(is_called("Ana"), sample=2)
    assert (preview.size, preview.sample) == (3, people[:2])
    assert preview.milliseconds >= 0


@pytest.mark.django_db
def test_a_rule_that_takes_too_long_says_so() -> None:
    with pytest.raises(SegmentTooSlow), time_limit(0.05), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    size_and_sample(EVERYBODY)
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


@pytest.mark.django_db
def test_an_audience_of_nothing_is_nobody() -> None:
    Contact.objects.create()
    segment = create_segment(name="S", criteria=EVERYBODY)
    assert audience(segments=[segment.pk], lists=[]).count() == 1
    assert audience(segments=[], lists=[], excluded_segments=[segment.pk]).count() == 0


@pytest.mark.django_db
def test_an_audience_of_a_segment_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InvalidCriteria, match="there is no segment"):
        audience(segments=[], lists=[1], excluded_segments=[10**9])


def test_two_saves_at_once_cannot_close_a_circle(committed_db: CommittedDb) -> None:
    one = create_segment(name="One", criteria=EVERYBODY)
    two = create_segment(name="Two", criteria=EVERYBODY)
    start, outcomes = threading.Barrier(2), []

    def save(segment: Segment, other: Segment) -> None:
        start.wait()
        try:
            save_criteria(segment, named(other))
            outcomes.append("saved")
        except InvalidCriteria as error:
            outcomes.append(error.errors[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["cycle", "saved"]
