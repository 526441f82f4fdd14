"""Liquid in messages reaches only what it is given, at a bounded cost (STANDARDS B8.1–B8.4, B8.7, B8.8)."""

import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates.errors import MissingMergeTag, RenderFailed
from tests.support.messages import codes, findings, rendered

SKIP = {"skip_missing": True}


def text(source: str, fields: dict[str, Any] | None = None, **given: Any) -> str:
    return rendered(source, fields, format="text", **given).text


def outcome(source: str) -> str:
    """What an author gets: refused at save, failed for the person, or the text."""
    if found := findings(source, format="text"):
        return f"refused {' '.join(codes(found))}"
    try:
        return text(source, {"first_name": "Ana", "tags": ["a", "b"], "u": {"secret": "no"}})
    except RenderFailed as error:
        return f"failed {error.detail}"


@pytest.mark.parametrize(
    "source",
    [
        "{{ settings }}", "{{ request.user }}", "{{ self }}", "{{ env }}", "{{ first_name.__class__ }}",
        "{{ first_name.upper }}", "{{ contact.__class__.__mro__ }}", "{{ links.__init__ }}", "{{ brand.objects }}",
        "{{ now }}", "{{ today }}", "{{ forloop }}", "{{ template }}", "{{ globals }}", "{{ 'x'.__class__ }}",
        "{{ contact['__class__'] }}", "{{ tags.__len__ }}", "{{ range }}", "{{ cycler }}", "{{ lipsum.__globals__ }}",
    ],
)  # fmt: skip
def test_a_path_to_anything_but_the_data_prints_nothing(source: str) -> None:
    assert outcome(f"<{source}>") in {"<>", "refused E001"}


@pytest.mark.parametrize(
    "source",
    [
        "{% debug %}", "{% load static %}", "{% include 'x' %}", "{% extends 'x' %}", "{% import 'x' %}",
        "{% csrf_token %}",
        "{% tablerow a in b %}{% endtablerow %}", "{% increment x %}", "{% cycle 'a', 'b' %}", "{% liquid echo 1 %}",
        "{% macro x %}{% endmacro %}", "{% _slot 1 %}", "{% _url href %}x{% end_url %}",
        "{% ifchanged %}{% endifchanged %}",
        "{% if first_name %}", "{% endif %}", "{{ first_name", "{% for %}{% endfor %}", "{{ }}", "{% %}", "{{ 'a' | }}",
        "{{ first_name | safe }}", "{{ first_name | base64_decode }}", "{{ first_name | _url }}",
        "{{ first_name | attr: 'x' }}",
        "{{ first_name | url_decode }}", "{{ first_name | escapejs }}", "{{ first_name | json }}",
        "{% doc %}x{% enddoc %}",
    ],
)  # fmt: skip
def test_tags_and_filters_that_are_not_on_the_list_are_refused(source: str) -> None:
    assert outcome(source) in {"refused E001", "refused E002", "refused E003"}


@pytest.mark.parametrize(
    "source", ["${7*7}", "#{7*7}", "<%= 7*7 %>", "{7*7}", "[[7*7]]", "%(x)s", "{0.__class__}", "$(id)"]
)
def test_other_template_languages_are_text(source: str) -> None:
    assert outcome(source) == source


NESTED = "{% for a in (1..1000) %}" * 15 + "x" + "{% endfor %}" * 15
DOUBLING = "{% assign s = 'xxxxxxxxxx' %}" + "{% assign s = s | append: s %}" * 40 + "{{ s }}"
CAPTURES = "{% capture s %}xxxxxxxxxx{% endcapture %}" + "{% capture s %}{{ s }}{{ s }}{% endcapture %}" * 40
COSTLY = {
    "7*7": "{{7*7}}",
    "range joined": "{{ (1..50000000) | join }}",
    "range sized": "{{ (1..50000000) | size }}",
    "range reversed": "{% assign a = (1..50000000) | reverse %}",
    "range sorted": "{{ (1..9999999999) | sort | first }}",
    "loop": "{% for i in (1..50000000) %}{% endfor %}",
    "loop with output": "{% for i in (1..50000000) %}{{ i }}{% endfor %}",
    "loop reversed": "{% for i in (1..50000000) reversed %}x{% endfor %}",
    "nested loops": NESTED,
    "loops in a row": "{% for i in (1..49) %}" + "{% if true %}{% endif %}" * 1000 + "{% endfor %}",
    "many loops": "{% for i in (1..1000) %}{% if true %}{% endif %}{% endfor %}" * 1000,
    "doubling": DOUBLING,
    "captures": CAPTURES,
    "replace": "{% assign s = 'xxxxxxxxxx' %}" + "{% assign s = s | replace: 'x', s %}" * 12 + "{{ s }}",
    "replace nothing": "{% assign s = 'xxxxxxxxxx' %}" + "{% assign s = s | replace: '', s %}" * 12 + "{{ s }}",
    "join": "{% assign s = 'x' %}" + "{% assign s = s | append: s %}" * 16 + "{{ (1..1000) | join: s }}",
    "split": "{% assign s = 'x' %}" + "{% assign s = s | append: s %}" * 16 + "{{ s | split: '' | join: s }}",
    "concat": "{% assign a = 'a,b' | split: ',' %}" + "{% assign a = a | concat: a %}" * 40,
    "numbers": "{% assign n = 9999999 %}" + "{% assign n = n | times: n %}" * 40 + "{{ n }}",
    "filters in a loop": "{% assign s = 'x' %}" + "{% assign s = s | append: s %}" * 16
    + "{% for i in (1..1000) %}{% assign t = s | upcase | downcase | upcase | replace: 'X', 'Y' %}{% endfor %}",
    "many filters": "{{ first_name" + " | upcase" * 150 + " }}",
    "date width": "{{ '2026-01-01' | date: '%999999999d' }}",
    "date of the machine": "{{ '2026-01-01' | date: '%s' }}",
    "truncate": "{{ 'x' | truncate: 99999999999999999999 }}",
    "round": "{{ 1.5 | round: 999999999 }}",
    "slice": "{{ 'abc' | slice: -99999999999999, 99999999999999 }}",
    "infinity": "{{ '1e400' | times: 1 | round }}",
    "not a number": "{{ 'nan' | ceil }}",
    "division": "{{ 1 | divided_by: 0 }}",
    "long condition": "{% if true" + " and true" * 200 + " %}x{% endif %}",
    "long piece": "{% if true" + " and true" * 5000 + " %}x{% endif %}",
    "long path": "{{ a" + ".b" * 900 + " }}",
    "deep nesting": "{% if true %}" * 500 + "{% endif %}" * 500,
    "deep brackets": "{{ a" + "[a" * 500 + "]" * 500 + " }}",
    "unclosed tags": "{% a" * 3000,
    "unclosed outputs": "{{ a" * 3000,
    "braces": "{" * 100_000,
    "break outside": "{% break %}",
    "long number": "{{ " + "9" * 1500 + " | plus: 1 }}",
    "many pieces": "{{ a }}" * 6000,
    "ten megabytes": "x" * 10_000_000,
}  # fmt: skip


@pytest.mark.parametrize("source", COSTLY.values(), ids=COSTLY.keys())
def test_a_payload_is_inert_or_an_error_within_a_second_and_100_megabytes(source: str) -> None:
    begin = time.process_time()
    result = outcome(source)
    assert time.process_time() - begin < 1
    tracemalloc.start()
    outcome(source)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000_000
    assert len(result) < 1_000_000


def test_contact_data_is_never_a_template() -> None:
    for name in (
        "{{ secret }}",
        "{% for i in (1..9) %}x{% endfor %}",
        "{% raw %}",
        "{{",
        "%}",
        "{% _slot 0 %}",
        "{% endif %}",
    ):
        message = rendered("<p>{{ first_name }}</p>", {"first_name": name, "secret": "S"}, subject="{{ first_name }}")
        assert message.text == name
        assert message.subject == name
        assert message.html == f"<p>{name}</p>"


@pytest.mark.parametrize(
    ("source", "fields", "shown"),
    [
        ("Hi {{ first_name }}!", {}, "Hi !"),
        ("Hi {{ first_name | default: 'there' }}!", {}, "Hi there!"),
        ("Hi {{ contact.first_name | default: 'there' }}!", {"first_name": "Ana"}, "Hi Ana!"),
        ("Hi {{ first_name }}!", {"first_name": None}, "Hi !"),
        ("{% if first_name %}a{% else %}b{% endif %}", {}, "b"),
        ("{% if first_name == 'Ana' %}a{% else %}b{% endif %}", {}, "b"),
        ("{% if age > 18 %}a{% else %}b{% endif %}", {}, "b"),
        ("{% if age < 18 %}a{% else %}b{% endif %}", {}, "b"),
        ("{% if tags contains 'x' %}a{% else %}b{% endif %}", {}, "b"),
        ("{% unless first_name %}a{% endunless %}", {}, "a"),
        ("{% if first_name == blank %}a{% endif %}", {}, ""),
        ("{% case plan %}{% when 'pro' %}a{% else %}b{% endcase %}", {}, "b"),
        ("{% for t in tags %}{{ t }}{% else %}none{% endfor %}", {}, "none"),
        ("{{ first_name | upcase }}!", {}, "!"),
        ("{{ tags | join: ', ' }}!", {}, "!"),
        ("{{ tags | first | upcase }}!", {}, "!"),
        ("{{ points | plus: 1 }}", {}, "1"),
        ("{{ tags | size }}", {}, "0"),
        ("{{ a | default: b | default: 'c' }}", {}, "c"),
        ("{{ vip }} {{ n }} {{ f }}", {"vip": True, "n": 3, "f": 1.5}, "true 3 1.5"),
        ("{{ tags | join: '-' }} {{ tags[1] }} {{ tags.size }}", {"tags": ["a", "b"]}, "a-b b 2"),
        ("{{ joined_on | date: '%-d %B %Y' }}", {"joined_on": "2026-03-04"}, "4 March 2026"),
        ("{{ joined_on | date: '%Y' }}", {"joined_on": "soon"}, "soon"),
        ("{{ at | date: '%H:%M' }}", {"at": 0}, "00:00"),
        ("{{ 'now' | date: '%Y' }} {{ 'today' | date: '%Y' }}", {}, "now today"),
        ("{{ '10' | date: '%Y-%m-%d' }}", {}, "10"),
        ("{% assign s = '' %}[{{ s }}]", {}, "[]"),
        ("{% comment %} x {% endcomment %}{% # y %}a", {}, "a"),
        ("{% echo first_name %}", {"first_name": "Ana"}, "Ana"),
        ("{{ contact }}", {"first_name": "Ana"}, "{'first_name': 'Ana'}"),
    ],
)
def test_what_liquid_does_with_what_is_and_is_not_there(source: str, fields: dict[str, Any], shown: str) -> None:
    assert text(source, fields) == shown
    assert "None" not in shown


@pytest.mark.parametrize(
    "source",
    [
        "{{ first_name }}", "{{ contact.first_name }}", "{{ first_name | upcase }}", "{{ first_name | join: ',' }}",
        "{{ 'a' | append: first_name }}", "{{ tags[0] | default: first_name }}",
        "{% if true %}{{ first_name }}{% endif %}",
        "{{ first_name.x }}", "{% assign n = first_name %}{{ n }}", "{{ first_name | replace: 'a', 'b' }}",
        "{% capture c %}{{ first_name }}{% endcapture %}", "{{ first_name | times: 2 }}",
    ],
)  # fmt: skip
def test_to_print_what_is_missing_skips_the_person_under_that_policy(source: str) -> None:
    with pytest.raises(MissingMergeTag) as error:
        text(source, {}, policy=SKIP)
    assert error.value.name.startswith("first_name")


@pytest.mark.parametrize(
    "source",
    [
        "{{ first_name | default: 'x' }}", "{% if first_name %}{{ first_name }}{% endif %}x",
        "{% for t in tags %}{% endfor %}x",
        "{% if first_name == 'x' %}{% endif %}x", "{% assign s = '' %}{{ s }}x", "{{ tags | size }}x",
    ],
)  # fmt: skip
def test_to_ask_whether_something_is_missing_skips_nobody(source: str) -> None:
    assert "x" in text(source, {}, policy=SKIP)


def test_a_fallback_stands_for_a_missing_value_unless_the_text_has_its_own() -> None:
    policy = {"fallbacks": {"first_name": "friend <3"}, "skip_missing": True}
    source = (
        "{{ first_name }}, {{ contact.first_name | upcase }}, {{ first_name | default: 'you' }}"
        "{% if first_name %}!{% endif %}"
    )
    message = rendered(f"<p>{source}</p>", {}, policy=policy)
    assert message.text == "friend <3, FRIEND <3, you"
    assert message.html == "<p>friend &lt;3, FRIEND &lt;3, you</p>"
    assert rendered(f"<p>{source}</p>", {"first_name": "Ana"}, policy=policy).text == "Ana, ANA, Ana!"


def test_contact_fields_cannot_take_the_place_of_what_is_ours() -> None:
    fields = {"brand": "x", "links": "y", "unsubscribe_url": "z", "contact": "w", "first_name": "Ana"}
    shown = text("{{ brand.name }} {{ links.unsubscribe }} {{ unsubscribe_url }} {{ contact.first_name }}", fields)
    assert shown == "Acme https://acme.test/u/token https://acme.test/u/token Ana"


@given(
    st.dictionaries(
        st.sampled_from(["first_name", "plan", "tags"]), st.text(max_size=20) | st.integers() | st.booleans()
    )
)
def test_the_same_person_gets_the_same_bytes(fields: dict[str, Any]) -> None:
    body = "<p>{{ first_name | default: 'x' }}{% if plan %}{{ plan }}{% endif %}{{ tags | join: ',' }}</p>"
    assert rendered(body, fields) == rendered(body, dict(reversed(fields.items())))
