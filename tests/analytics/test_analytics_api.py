"""Figures through the API, in the shapes of the product's brief."""

import pytest
from pytest_django import DjangoAssertNumQueries

from config.lib import public_ids
from tests.conftest import CommittedDb
from tests.factories import analytics as make
from tests.factories import campaigns as factory
from tests.factories.api import caller


def test_figures_come_by_day_and_channel_with_their_age(committed_db: CommittedDb) -> None:
    campaign = factory.campaign()
    make.events("sent", "opened", campaign=campaign.pk, message=1)
    make.events("clicked", campaign=campaign.pk, message=1, detail="7")
    make.events("sent", campaign=campaign.pk, message=2)
    make.count_all()
    program, path = caller("viewer"), f"campaigns/{public_ids.encode('campaign', campaign.pk)}/analytics"
    found = program.get(f"{path}?start_date=2026-03-02&end_date=2026-03-02").json()
    assert (found["metrics"]["sent"], found["metrics"]["delivered"], found["metrics"]["opened"]) == (2, 2, 1)
    assert (found["rates"]["open_rate"], found["rates"]["click_rate"]) == (50.0, 50.0)
    assert found["channel_breakdown"]["email"]["metrics"]["sent"] == 2
    assert found["as_of"]
    assert program.get(f"{path}?start_date=2026-03-03").json()["metrics"]["sent"] == 0
    assert program.get(f"{path}?end_date=2026-03-01").json()["rates"]["open_rate"] is None
    assert program.get(f"{path}/links").json()["links"][0]["clicks"] == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["start_date=yesterday", "end_date=2026-02-30", "start_date=2026-03-02&end_date=2026-03-01"]
)
def test_days_that_are_none_are_refused(query: str) -> None:
    path = f"campaigns/{public_ids.encode('campaign', factory.campaign().pk)}/analytics"
    assert caller().get(f"{path}?{query}").status_code == 422


@pytest.mark.django_db
def test_figures_take_the_same_queries_whatever_was_counted(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    program, path = caller(), f"campaigns/{public_ids.encode('campaign', factory.campaign().pk)}/analytics"
    program.get(path)
    with django_assert_num_queries(9):
        program.get(path)
