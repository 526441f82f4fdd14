"""Pages of a list: together they are the list, in both directions, whatever is equal or missing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from compliance.models import ApiKey
from config.pages.paging import Order, page_of, total_of
from segments.models import Contact

_DAY, _HOUR = datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1)
_NAMES = st.lists(st.sampled_from(["", "Ana", "Ben", "Zoë", "ana", "Ben "]), max_size=12)


def _walk(rows: Any, order: Order, size: int) -> list[list[int]]:
    pages, place = [], ""
    while True:
        page = page_of(rows, order, after=place, size=size)
        pages.append([row.pk for row in page.rows])
        if page.after is None:
            return pages
        place = page.after


class Laws(TestCase):
    @given(names=_NAMES, size=st.integers(1, 5), down=st.booleans())
    def test_pages_on_are_the_sorted_list(self, names: list[str], size: int, down: bool) -> None:
        Contact.objects.bulk_create(Contact(external_id=f"x{n}", first_name=name) for n, name in enumerate(names))
        rows, order = Contact.objects.all(), Order("first_name", descending=down)
        pages = _walk(rows, order, size)
        side = "-" if down else ""
        assert [pk for page in pages for pk in page] == list(
            rows.order_by(f"{side}first_name", f"{side}pk").values_list("pk", flat=True)
        )
        assert all(len(page) == size for page in pages[:-1])

    @given(
        numbers=st.lists(st.one_of(st.none(), st.integers(1, 3)), min_size=1, max_size=10), size=st.integers(1, 4),
        down=st.booleans(),
    )  # fmt: skip
    def test_the_way_back_shows_the_same_pages_and_what_is_missing_comes_last(
        self, numbers: list[int | None], size: int, down: bool
    ) -> None:
        owner, _new = User.objects.get_or_create(username="owner")
        made = ApiKey.objects.bulk_create(
            ApiKey(
                name="x", owner=owner, prefix="x", digest=bytes([n]), last_used_at=_DAY + one * _HOUR if one else None
            )
            for n, one in enumerate(numbers)
        )
        rows, order = ApiKey.objects.all(), Order("last_used_at", descending=down, nullable=True)
        forward, place, back = _walk(rows, order, size), "", []
        for _page in forward[:-1]:
            place = page_of(rows, order, after=place, size=size).after or ""
        here = page_of(rows, order, after=place, size=size)
        while here.before:
            here = page_of(rows, order, before=here.before, size=size)
            back.append([row.pk for row in here.rows])
        assert list(reversed(back)) == forward[:-1]
        used = {key.pk: key.last_used_at for key in made}
        shown = [used[pk] for page in forward for pk in page]
        there = [one for one in shown if one]
        assert shown == sorted(there, reverse=down) + [None] * numbers.count(None)


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["x", "bnVsbA", "W10", "WyJhIiwgImIiXQ", "\x00", "é", "W3siYSI6IDF9LCAxXQ"])
def test_a_place_that_means_nothing_is_the_beginning(place: str) -> None:
    contact = Contact.objects.create(external_id="a")
    assert [row.pk for row in page_of(Contact.objects.all(), Order("created_at"), after=place).rows] == [contact.pk]


@pytest.mark.django_db
def test_few_are_counted_exactly() -> None:
    Contact.objects.create(external_id="a")
    total = total_of(Contact.objects.all())
    assert (total.number, total.about, total.more) == (1, False, False)
