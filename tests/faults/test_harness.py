"""The harness tells what is broken: a harness that cannot fail shows nothing."""

from collections import Counter
from pathlib import Path

import pytest

from config.faults import table
from config.faults.sums import Sums
from config.management.commands.faults import FAULTS
from delivery.sink import Misbehaviour
from delivery.sink.script import Script


def _sums(states: dict[str, int], accepted: dict[str, int], **but: object) -> Sums:
    good = {
        "audience": 3, "states": Counter(states), "logged": Counter(states), "accepted": Counter(accepted),
        "sent_nowhere": 0, "unknown_accepted": 0, "must_arrive": 0, "resends": False, "completed": True,
        "counters_equal_log": True,
    }  # fmt: skip
    return Sums(**{**good, **but})  # type: ignore[arg-type]


GOOD = {"sent": 2, "unknown": 1}


def test_good_sums_break_nothing() -> None:
    assert _sums(GOOD, {"a": 1, "b": 1}).broken() == []


@pytest.mark.parametrize(
    ("sums", "words"),
    [
        (_sums(GOOD, {"a": 2, "b": 1}), "1 got it twice"),
        (_sums({"sent": 2}, {"a": 1, "b": 1}), "1 lost"),
        (_sums(GOOD, {"a": 1}, sent_nowhere=1), "1 lost"),
        (_sums(GOOD, {"a": 1, "b": 1}, resends=True, must_arrive=1), "1 lost"),
        (_sums(GOOD, {"a": 1, "b": 1}, counters_equal_log=False), "do not close"),
        (_sums(GOOD, {"a": 1, "b": 1}, completed=False), "do not close"),
        (_sums(GOOD, {"a": 1, "b": 1}, logged=Counter(sent=1)), "do not close"),
    ],
)
def test_each_broken_promise_is_told(sums: Sums, words: str) -> None:
    assert any(words in told for told in sums.broken())


def test_who_rather_sends_twice_may() -> None:
    assert _sums(GOOD, {"a": 2, "b": 1}, resends=True).broken() == []


def test_a_script_means_the_same_people_each_time_and_only_so_often() -> None:
    people = [f"p{n}@people.example".encode() for n in range(400)]
    script = Script([Misbehaviour("RCPT", "450 later", every=10, times=2)])
    first, second, third = ({p for p in people if script.next("RCPT", p)} for _ in range(3))
    assert first == second and 20 < len(first) < 60
    assert third == set()
    assert not any(script.next("DOT", p) for p in people)


def test_the_table_replaces_what_is_between_its_marks_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    line = {"fault": "sigkill", **_sums(GOOD, {"a": 1, "b": 1}).figures(), "kills": 100, "broken": ["1 lost"]}
    table.replace(
        page, [line, {"fault": "disk-full", "skipped_because": "no root"}], dict.fromkeys(FAULTS.kinds(), "words")
    )
    text = page.read_text()
    assert text.startswith(f"before\n{table.BEGIN}\n") and text.endswith(f"{table.END}\nafter\n")
    assert "| `sigkill` | words | 3 | 2 | 2 | 0 | 0 | 1 | yes | **broken: 1 lost**; kills 100 |" in text
    assert "not run: no root" in text
    assert "old" not in text


def test_every_fault_says_in_a_line_what_happens() -> None:
    for fault in FAULTS:
        assert fault.__doc__ and len(fault.__doc__.splitlines()) == 1, fault.kind
