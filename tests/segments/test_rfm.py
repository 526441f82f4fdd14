"""RFM: ties are never split, thresholds ascend, every buyer is in one cell, rules mean what plain Python does."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from math import ceil
from typing import Any

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments import rfm
from segments.compiler import contacts_matching
from segments.errors import InvalidCriteria
from segments.explaining import explain
from segments.models import ActivityTotal, Contact, Metric, RfmScore, RfmSnapshot
from segments.schema import json_schema
from segments.services.rfm import HISTORY, SNAPSHOTS_WITH_PEOPLE, is_due, take
from segments.trees import normalise

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 1, 3, tzinfo=UTC)
Purchases = tuple[int, int, Decimal]  # hours ago, how often, what they came to

amounts = st.decimals(0, 1000, places=2)
buyers = st.lists(st.tuples(st.integers(0, 24 * 90), st.integers(1, 6), amounts), max_size=60)


def _people(bought: Sequence[Purchases]) -> list[int]:
    """A contact for each who bought, and one who never did."""
    metric = Metric.objects.get(name=django_settings.PURCHASE_METRIC)
    made = Contact.objects.bulk_create(Contact() for _ in range(len(bought) + 1))
    ActivityTotal.objects.bulk_create(
        ActivityTotal(metric_id=metric.pk, contact_id=person.pk, count=often, total=spent,
                      first_at=AT - timedelta(hours=ago + 50), last_at=AT - timedelta(hours=ago))
        for person, (ago, often, spent) in zip(made[1:], bought, strict=True)
    )  # fmt: skip
    return [person.pk for person in made[1:]]


def _empty() -> None:
    for model in (RfmScore, RfmSnapshot, ActivityTotal, Contact):
        model.objects.all().delete()


def _thresholds(values: Sequence[Any]) -> list[Any]:
    """What 20, 40, 60 and 80 of a hundred do not exceed, read another way than Postgres does."""
    ordered = sorted(values)
    return [
        ordered[ceil(share * len(ordered)) - 1]
        for share in (Decimal("0.2"), Decimal("0.4"), Decimal("0.6"), Decimal("0.8"))
    ]


def _score(value: Any, thresholds: Sequence[Any]) -> int:
    return 1 + len([one for one in thresholds if value > one])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(buyers)
def test_scores_are_those_of_an_independent_reading(bought: list[Purchases]) -> None:
    _empty()
    people = _people(bought)
    snapshot = take(at=AT, rows=7)
    rows = {row.contact_id: row for row in RfmScore.objects.filter(snapshot_id=snapshot.pk)}
    assert rows.keys() == set(people)
    assert snapshot.people == len(people) == sum(cell.people for cell in snapshot.cells.all())
    assert snapshot.money == sum(spent for *_, spent in bought)
    if not bought:
        return
    days = [ago // 24 for ago, *_ in bought]
    recency, frequency, monetary = (
        _thresholds(column) for column in (days, [b[1] for b in bought], [b[2] for b in bought])
    )
    assert (snapshot.recency_thresholds, snapshot.frequency_thresholds) == (recency, frequency)
    assert snapshot.monetary_thresholds == monetary
    for person, ago, (_, often, spent) in zip(people, days, bought, strict=True):
        row = rows[person]
        assert (row.recency_days, row.frequency, row.monetary) == (ago, often, spent)
        assert row.recency_score == 6 - _score(ago, recency)
        assert row.frequency_score == _score(often, frequency)
        assert row.monetary_score == _score(spent, monetary)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=200))
def test_ties_are_never_split_and_more_is_never_less(values: list[int]) -> None:
    thresholds = _thresholds(values)
    assert thresholds == sorted(thresholds)
    scores = {value: rfm.score(value, thresholds) for value in values}
    ordered = [scores[value] for value in sorted(scores)]
    assert ordered == sorted(ordered)
    assert set(ordered) <= set(rfm.SCORES)
    assert all(rfm.score(v, thresholds, less_is_better=True) == 6 - scores[v] for v in values)
    # at most four in ten can be above any two neighbouring thresholds, whatever the ties
    assert sum(rfm.score(v, thresholds) == 5 for v in values) <= len(values) / 5 + 1e-9


def test_every_combination_of_scores_is_in_exactly_one_cell() -> None:
    for recency, frequency in product(rfm.SCORES, rfm.SCORES):
        held = [cell.name for cell in rfm.CELLS if recency in cell.recency and frequency in cell.frequency]
        assert held == [rfm.cell_of(recency, frequency).name], (recency, frequency)


GRID: list[Purchases] = [
    (24 * ago, often, Decimal(spent)) for ago in range(5) for often in range(1, 6) for spent in (1, 9)
]


def test_cells_part_the_buyers_and_rules_find_them() -> None:
    people = _people(GRID)
    take(at=AT)
    found = Counter(
        pk
        for cell in rfm.CELLS
        for pk in contacts_matching(_leaf("cell", "equals", cell.name)).values_list("pk", flat=True)
    )
    assert found == Counter(people)
    assert contacts_matching(_leaf("cell", "not_exists")).count() == 1


def _cell(row: RfmScore) -> str:
    return rfm.cell_of(row.recency_score, row.frequency_score).name


CONDITIONS: list[tuple[str, str, Any, Any]] = [
    ("cell", "in", ["champions", "lost"], lambda r: _cell(r) in ("champions", "lost")),
    ("recency_score", "greater_than_or_equal", 4, lambda r: r.recency_score >= 4),
    ("frequency_score", "between", [2, 3], lambda r: 2 <= r.frequency_score <= 3),
    ("monetary_score", "equals", 3, lambda r: r.monetary_score == 3),
    ("recency_days", "less_than", 2, lambda r: r.recency_days < 2),
    ("frequency", "in", [1, 5], lambda r: r.frequency in (1, 5)),
    ("monetary", "greater_than", 8.5, lambda r: r.monetary > 8.5),
    ("cell", "exists", None, lambda r: True),
]  # fmt: skip


@pytest.mark.parametrize(("field", "operator", "value", "holds"), CONDITIONS)
def test_a_condition_and_its_negation_part_everybody(field: str, operator: str, value: Any, holds: Any) -> None:
    _people(GRID)
    take(at=AT)
    rule = _leaf(field, operator, value)
    wanted = {row.contact_id for row in RfmScore.objects.all() if holds(row)}
    assert 0 < len(wanted) <= len(GRID)
    assert set(contacts_matching(rule).values_list("pk", flat=True)) == wanted
    assert contacts_matching({"not": rule}).count() == Contact.objects.count() - len(wanted)


def test_rules_ask_the_latest_finished_snapshot() -> None:
    rule = _leaf("recency_days", "equals", 0)
    people = _people([(1, 1, Decimal(5))])
    assert not contacts_matching(rule).exists()
    assert contacts_matching({"not": rule}).count() == 2
    take(at=AT)
    assert list(contacts_matching(rule).values_list("pk", flat=True)) == people
    take(at=AT + timedelta(days=3))
    assert not contacts_matching(rule).exists()
    RfmSnapshot.objects.create(taken_at=AT + timedelta(days=4))  # one at work says nothing yet
    assert contacts_matching(_leaf("recency_days", "equals", 3)).exists()


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [("cell", "equals", "champion"), ("recency_score", "equals", 6), ("recency_score", "equals", 2.5),
     ("frequency", "greater_than", -1), ("cell", "starts_with", "c"), ("recency_days", "equals", 1e300)],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_place(field: str, operator: str, value: Any) -> None:
    with pytest.raises(InvalidCriteria) as refused:
        normalise(_leaf(field, operator, value))
    assert refused.value.errors[0].pointer in ("/value", "/operator")


def test_it_reads_well_and_is_in_the_schema() -> None:
    rule = {"conditions": [_leaf("cell", "equals", "Cannot lose"), _leaf("monetary_score", "equals", 5)]}
    assert "“Cannot lose them”" in explain(rule)
    assert normalise(rule)["conditions"][0]["value"] == "cannot_lose"
    assert "cannot_lose" in str(json_schema())


def test_a_snapshot_that_was_left_is_gone_on_with() -> None:
    people = _people(GRID)
    left = RfmSnapshot.objects.create(taken_at=AT, written_to=people[9], recency_thresholds=[1, 1, 1, 1],
                                      frequency_thresholds=[1, 1, 1, 1], monetary_thresholds=[1, 1, 1, 1])  # fmt: skip
    done = take(at=AT + timedelta(hours=5))
    assert done.pk == left.pk
    assert done.people == len(people) - 10
    assert done.taken_at == AT


def test_one_a_night_is_due() -> None:
    assert is_due(AT)
    take(at=AT)
    assert not is_due(AT + timedelta(hours=22))
    assert is_due(AT + timedelta(hours=23))


def test_old_snapshots_keep_their_cells_then_go() -> None:
    _people(GRID)
    for day in range(SNAPSHOTS_WITH_PEOPLE + 2):
        take(at=AT + timedelta(days=day), rows=20)
    assert RfmScore.objects.values("snapshot_id").distinct().count() == SNAPSHOTS_WITH_PEOPLE
    old = RfmSnapshot.objects.get(taken_at=AT)
    assert not old.has_people
    assert sum(cell.people for cell in old.cells.all()) == len(GRID)
    take(at=AT + HISTORY + timedelta(days=1))
    assert not RfmSnapshot.objects.filter(pk=old.pk).exists()


def _leaf(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": f"rfm.{field}", "operator": operator, **({} if value is None else {"value": value})}
