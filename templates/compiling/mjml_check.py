"""An MJML source is checked here before mrml sees it.

mrml lets an unknown `mj-` tag pass into the mail, ignores unknown attributes, and its errors name no line.
"""

import re
from bisect import bisect_right
from html import escape
from itertools import accumulate

from templates.compiling.components import COMPONENTS, Component
from templates.compiling.markup import VOID, Attribute, Token, tokens
from templates.compiling.source import MARK, Piece, Protected, piece_of
from templates.findings import Findings, Place, near

_WORDS = re.compile(rf"{MARK.pattern}|[^\s{MARK.pattern[1:-1]}]+")


class Check:
    """Notes what is wrong with an MJML source, and makes of it what mrml takes.

    Void HTML elements are closed, and <mjml> gets the language that screen readers need, unless it has one.
    """

    def __init__(self, protected: Protected, known: list[Piece], findings: Findings, *, language: str) -> None:
        self.protected = protected
        self.known = known
        self.findings = findings
        self.language = language
        self.open: list[Token] = []
        self.parts: list[str] = []
        self.starts: list[int] = []

    def run(self) -> str:
        """The text for mrml."""
        text = self.protected.text
        read = {
            "open": self._open,
            "close": self._close,
            "text": self._text,
            "comment": self._comment,
            "other": self._other,
        }
        for token in tokens(text, xml=True):
            self.parts.append(text[token.start : token.end])
            self.starts.append(token.start)
            read[token.kind](token)
        for token in self.open:
            self._note("E010", f"<{token.name}> is not closed", token.start)
        if "<mjml" not in text:
            self._note("E010", "there is no <mjml> element", 0)
        return "".join(self.parts)

    def place(self, offset: int) -> Place:
        """Where the source has what the text for mrml has at this offset."""
        ends = list(accumulate(map(len, self.parts)))
        index = min(bisect_right(ends, offset), len(ends) - 1)
        return self.protected.place(self.starts[index] + offset - (ends[index] - len(self.parts[index])))

    def _note(self, number: str, message: str, offset: int) -> None:
        self.findings.add(number, message, self.protected.place(offset))

    @property
    def _inside(self) -> str:
        return self.open[-1].name if self.open else ""

    @property
    def _where(self) -> str:
        return f"inside <{self._inside}>" if self.open else "outside <mjml>"

    def _open(self, token: Token) -> None:
        if not token.complete or any(item.name.startswith("<") for item in token.attributes):
            self._note("E010", f"<{token.name} has no closing >", token.start)
        else:
            self._check_place(token)
            self._check_attributes(token)
        if token.name == "mjml" and not token.get("lang"):
            self.parts[-1] = f'<mjml lang="{escape(self.language)}"{self.parts[-1][len("<mjml") :]}'
        if token.name in VOID and not token.self_closing:
            self.parts[-1] = self.parts[-1].removesuffix(">") + "/>"
        elif not token.self_closing:
            self.open.append(token)

    def _close(self, token: Token) -> None:
        if token.name in VOID:
            self.parts[-1] = ""
        elif token.name not in {item.name for item in self.open}:
            self._note("E010", f"</{token.name}> closes nothing", token.start)
        else:
            while self.open[-1].name != token.name:
                unclosed = self.open.pop()
                self._note("E010", f"<{unclosed.name}> is not closed before </{token.name}>", unclosed.start)
            self.open.pop()

    def _comment(self, token: Token) -> None:
        component = COMPONENTS.get(self._inside)
        if not token.complete:
            self._note("E010", "the comment is not closed", token.start)
        elif component and component.holds == "text":
            self._note("E012", f"a comment cannot stand {self._where}", token.start)

    def _other(self, token: Token) -> None:
        self._note("E010", "declarations, processing instructions and CDATA are not MJML", token.start)

    def _text(self, token: Token) -> None:
        """Between components only Liquid tags may stand, such as {% if %} around a section."""
        component = COMPONENTS.get(self._inside)
        if component.holds in {"html", "text"} if component else self.open:
            return
        liquid = component is not None and component.holds == "liquid"
        for word in _WORDS.finditer(self.protected.text, token.start, token.end):
            piece = piece_of(word[0], self.known) if MARK.match(word[0]) else None
            if not (liquid and piece and piece.kind == "tag"):
                what = piece.text if piece else word[0]
                self._note("E012", f"{what[:60]!r} cannot stand {self._where}", word.start())

    def _check_place(self, token: Token) -> None:
        component, around = COMPONENTS.get(token.name), COMPONENTS.get(self._inside)
        if token.name == "mj-include":
            self._note("E011", "mj-include reads files; {% render 'name' %} brings in a shared block", token.start)
        elif token.name.startswith("mj-") and not component:
            self._note("E011", f"there is no component <{token.name}>{near(token.name, COMPONENTS)}", token.start)
        elif component and not self._fits(token.name, component):
            parents = " or ".join(f"<{name}>" for name in sorted(component.parents)) or "nothing: it is the root"
            self._note("E012", f"<{token.name}> stands {self._where}, it goes into {parents}", token.start)
        elif not component and (around.holds != "html" if around else not self.open):
            self._note("E012", f"<{token.name}> cannot stand {self._where}", token.start)

    def _fits(self, name: str, component: Component) -> bool:
        return self._inside in component.parents | {"mj-attributes"} or (name == "mjml" and not self.open)

    def _check_attributes(self, token: Token) -> None:
        names: set[str] = set()
        for attribute in token.attributes:
            self._check_attribute(token, attribute, names)
            names.add(attribute.name)

    def _check_attribute(self, token: Token, attribute: Attribute, before: set[str]) -> None:
        component = COMPONENTS.get(token.name)
        if attribute.mark:
            self._note("E012", "Liquid cannot stand between the attributes of a tag", attribute.start)
        elif attribute.value is None or not attribute.quote:
            self._note("E010", f"the attribute {attribute.name} has no value in quotes", attribute.start)
        elif "<" in attribute.value:
            self._note("E010", f"the attribute {attribute.name} holds a <: write &lt;", attribute.start)
        elif attribute.name in before:
            self._note("E010", f"the attribute {attribute.name} is there twice", attribute.start)
        elif component and not component.attributes:
            self._note("E012", f"<{token.name}> takes no attributes", attribute.start)
        elif component and not component.attributes & {attribute.name, "*"}:
            close = near(attribute.name, component.attributes)
            self._note("W001", f"<{token.name}> has no attribute {attribute.name}{close}", attribute.start)
