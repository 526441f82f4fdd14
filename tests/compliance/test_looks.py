"""The colour of a brand on its public pages."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from compliance.looks import DARK, LIGHT, READABLE, contrast, readable, stylesheet
from segments.models import Contact
from tests.factories.compliance import make_brand, make_token
from tests.factories.delivery import make_contacts

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(COLOURS)
def test_any_colour_can_be_read_on_light_and_on_dark(colour: str) -> None:
    for ground in (LIGHT, DARK):
        assert contrast(readable(colour, ground), ground) >= READABLE


@given(COLOURS)
def test_what_can_be_read_stays_as_it_is(colour: str) -> None:
    if contrast(colour, LIGHT) >= READABLE:
        assert readable(colour, LIGHT) == colour


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_stylesheet_is_one_of_ours_cached_and_not_to_be_sniffed() -> None:
    answer = Client().get("/u/looks/ffcc00.css")
    assert answer.content.decode() == stylesheet("#ffcc00")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "public" in answer.headers["Cache-Control"]
    for wrong in ("fff", "}body{", "FFCC00", "ffcc00ff"):
        assert Client().get(f"/u/looks/{wrong}.css").status_code == 404


@pytest.mark.django_db
def test_the_public_pages_of_a_brand_have_its_colour_and_those_of_others_none() -> None:
    ana: Contact = make_contacts("ana@example.com")[0]
    for colour, there in (("#ffcc00", True), ("", False)):
        link = "/u/" + make_token(ana, make_brand(f"Acme {colour}", accent_colour=colour)).seal()
        pages = [Client().get(link), Client().get(f"{link}/preferences"), Client().post(f"{link}/confirm")]
        assert ["/u/looks/ffcc00.css" in page.content.decode() for page in pages] == [there] * 3


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["red", "#fff", "#12345g", "#123456\n"])
def test_what_is_no_colour_is_refused(wrong: str) -> None:
    brand = make_brand()
    brand.accent_colour = wrong
    with pytest.raises(ValidationError, match="Write a colour as"):
        brand.full_clean()
    brand.accent_colour = "#FFCC00"
    brand.full_clean()
    assert brand.accent_colour == "#ffcc00"
