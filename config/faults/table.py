"""The table of docs/reliability.md, from the lines of a run."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
_COLUMNS = ("audience", "sent", "in_sink", "lost", "doubled", "unknown", "closes")


def replace(path: Path, lines: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> None:
    """Put the lines between the two markers of a file. Raises ValueError when it lacks them."""
    text = path.read_text()
    begin, end = text.index(BEGIN), text.index(END)
    path.write_text(text[: begin + len(BEGIN)] + "\n" + render(lines, words) + text[end:])


def render(lines: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> str:
    """A Markdown table; `words` say what each fault is."""
    head = ["fault", "what happens", *(name.replace("_", " ") for name in _COLUMNS), "besides"]
    rows = [head, ["---"] * len(head), *(_row(line, words) for line in lines)]
    written = datetime.now(UTC)
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"Written by `manage.py faults` on {written:%Y-%m-%d}.\n\n{table}\n"


def _row(line: Mapping[str, Any], words: Mapping[str, str]) -> list[str]:
    kind = str(line["fault"])
    what = " ".join(words[kind].split())
    if reason := line.get("skipped_because"):
        return [f"`{kind}`", what, *["–"] * len(_COLUMNS), f"not run: {reason}"]
    return [f"`{kind}`", what, *(_cell(line.get(name)) for name in _COLUMNS), _besides(line)]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "**no**"
    return f"{value:,}" if isinstance(value, int) else "–"


def _besides(line: Mapping[str, Any]) -> str:
    known = {"fault", "load", "resumed", *_COLUMNS}
    told = [f"{name.replace('_', ' ')} {value}" for name, value in line.items() if name not in known and value]
    broken = [f"**broken: {words}**" for words in line.get("broken", ())]
    return "; ".join(broken + [words for words in told if not words.startswith("broken")])
