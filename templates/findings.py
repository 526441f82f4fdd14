"""What proofing has to say of a template: a stable code, a place, a sentence that mends it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Place:
    """Where in what the author wrote: a JSON pointer, then line and column (both from 1) when known.

    `block` names the shared block in which the line is, if it is in one.
    """

    pointer: str
    line: int | None = None
    column: int | None = None
    block: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing to mend. An error forbids the use of the template, a warning does not."""

    level: Level
    code: str
    message: str
    fix: str
    pointer: str = ""
    line: int | None = None
    column: int | None = None
    block: str = ""

    @property
    def number(self) -> str:
        """`E010`, without the name of the app."""
        return self.code.removeprefix("message_templates.")

    @property
    def suggestion(self) -> str:
        """The known name that is close to the wrong one, if the message has one (see `near`)."""
        found = _NEAR.search(self.message)
        return found[1] if found else ""

    def __str__(self) -> str:
        where = f"{self.pointer}:{self.line}:{self.column}" if self.line else self.pointer
        return f"{self.level} {self.code} {where}: {self.message}. {self.fix}"


# E0xx stop a save (there would be nothing to render), E1xx stop a launch, W are for the author to judge.
FIXES = {
    "E001": "Correct the Liquid here",
    "E002": "Use one of the tags that messages know: if, unless, case, for, assign, capture, comment, raw",
    "E003": "Use one of the filters that messages know",
    "E004": "Name a shared block that exists, in quotes: {% render 'footer' %}",
    "E005": "Take one {% render %} out of the circle",
    "E006": "Write {% render 'name' %} alone, in the body or the text part: a block is copied in as it is",
    "E007": "Make it smaller",
    "E008": "Remove these characters: they are kept for the compiler",
    "E010": "Close every tag, and put every attribute value in quotes",
    "E011": "Use an MJML component, or plain HTML inside mj-text or mj-raw",
    "E012": "Move it into a component that may hold it",
    "E020": "Let Liquid print only in text and in quoted attribute values",
    "E021": "Begin and end the block in the same place: both in text, or both inside one attribute value",
    "E022": "Begin the link with https:// or with one merge tag that holds the whole address",
    "E023": "Write the text part by hand",
    "E024": "Take out what is so costly: large loops, long ranges, deep nesting",
    "E101": "Write a subject",
    "E102": 'Add a visible link to {{ links.unsubscribe }}: <a href="{{ links.unsubscribe }}">Unsubscribe</a>',
    "E103": "Add {{ links.unsubscribe }} to the text part",
    "E104": "Add {{ brand.postal_address }} where everybody sees it, in HTML and in text",
    "E105": "Write the whole address, beginning with https://",
    "E106": "Use a https:, mailto:, tel: or sms: link",
    "E107": "Correct the name, or register the attribute",
    "E108": "Correct the expression that fails",
    "W001": "Remove it or correct its name: it has no effect",
    "W002": "Shorten the message: Gmail shows only the first 102 kB and hides the rest, the unsubscribe link included",
    "W003": "Read it in the preview; write your own when it does not read well",
    "W004": "Begin with something else: a subject that pretends to be an answer is misleading, and unlawful in places",
    "W005": 'Describe the image in alt="…", or write alt="" for a mere ornament',
    "W006": "Put the image on a web server and link to it: mail programs block or clip inline data",
    "W007": 'Add a default, as in {{ first_name | default: "there" }}, a fallback, or the policy to skip such people',
    "W008": "Remove it: mail programs do",
    "W009": "Give it an address or take the link away",
    "W010": "Guard it with {% if %} or a default",
    "W011": "Use https://: mail programs warn of addresses without it, and some show no image from one",
}
_NEAR = re.compile(r'; did you mean "([^"]+)"\?$')


def finding(number: str, message: str, place: Place) -> Finding:
    """The finding with this number (`E010`) at this place."""
    level: Level = "error" if number[0] == "E" else "warning"
    where = f"in the shared block {place.block!r}: " if place.block else ""
    return Finding(
        level, f"message_templates.{number}", where + message, FIXES[number], place.pointer, place.line, place.column,
        place.block,
    )  # fmt: skip


@dataclass
class Findings:
    """Collects findings in order of discovery."""

    found: list[Finding] = field(default_factory=list)

    def add(self, number: str, message: str, place: Place) -> None:
        self.found.append(finding(number, message, place))

    @property
    def errors(self) -> bool:
        return any(item.level == "error" for item in self.found)


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` when a known name is close to this one, else nothing."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""
