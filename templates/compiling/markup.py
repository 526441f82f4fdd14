"""Tags of HTML and MJML with their places in the text.

It reads what it is given and changes nothing, so that all but what we mean to change keeps its bytes,
comments for Outlook included. The rules are those of the HTML standard's tokeniser, since mail programs
follow it: to see a quoted value where they see none would be to let contact data out of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from templates.compiling.source import MARK

# In these, `<` opens nothing: https://html.spec.whatwg.org/multipage/parsing.html#parsing-html-fragments
RAW_TEXT = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext"})
_RAW_ELEMENTS = RAW_TEXT | {"title", "textarea"}  # in these two, references still count
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())

_MARKS = MARK.pattern[1:-1]
_TAG_NAME = re.compile(rf"</?([A-Za-z][^\s/>{_MARKS}]*)")
_ATTRIBUTE = re.compile(
    rf"(?P<space>[\s/]*)"
    rf"(?:(?P<mark>[{_MARKS}])"
    rf"|(?P<name>=?[^\s/>={_MARKS}]+|=)"
    rf"(?:(?P<equals>\s*=\s*)(?:\"(?P<double>[^\"]*)(?P<dq>\"?)|'(?P<single>[^']*)(?P<sq>'?)|(?P<bare>[^\s>]*)))?)"
)
_COMMENT_END = re.compile(r"--!?>")
_CONDITION = re.compile(r"<!--\[if[^\]>]*\]>")


@dataclass(frozen=True)
class Attribute:
    """`quote` is empty for a bare value and for none; `mark` stands for Liquid between attributes."""

    name: str
    value: str | None
    quote: str
    start: int
    value_start: int
    mark: bool = False

    @property
    def value_end(self) -> int:
        return self.value_start + len(self.value or "")


@dataclass(frozen=True)
class Token:
    """`text` (in `element` when raw), `open` and `close` tags, `comment`, and `other` (doctype, …)."""

    kind: Literal["text", "open", "close", "comment", "other"]
    start: int
    end: int
    name: str = ""
    attributes: tuple[Attribute, ...] = ()
    self_closing: bool = False
    complete: bool = True
    element: str = ""

    def get(self, name: str) -> Attribute | None:
        """The attribute with this name; as in HTML the first one counts."""
        return next((item for item in self.attributes if item.name == name), None)


def tokens(text: str, start: int = 0, end: int | None = None, *, xml: bool = False) -> Iterator[Token]:
    """The tokens of `text[start:end]`; together they cover it all. In XML no element holds raw text."""
    end = len(text) if end is None else end
    at = start
    while at < end:
        opening = text.find("<", at, end)
        while opening >= 0 and not _opens(text, opening):
            opening = text.find("<", opening + 1, end)
        if opening < 0:
            opening = end
        if opening > at:
            yield Token("text", at, opening)
        if opening < end:
            token = _markup(text, opening, end)
            yield token
            if token.kind == "open" and token.name in _RAW_ELEMENTS and not xml:
                at = _raw_end(text, token, end)
                if at > token.end:
                    yield Token("text", token.end, at, element=token.name)
                continue
            opening = token.end
        at = opening


def _opens(text: str, at: int) -> bool:
    following = text[at + 1 : at + 2]
    return following in {"!", "?", "/"} or (following.isascii() and following.isalpha())


def _markup(text: str, at: int, end: int) -> Token:
    if text.startswith("<!--", at):
        return _comment(text, at, end)
    name = _TAG_NAME.match(text, at, end)
    if name:
        return _tag(text, name, end)
    close = text.find(">", at, end)
    return Token("other", at, end if close < 0 else close + 1, complete=close >= 0)


def _comment(text: str, at: int, end: int) -> Token:
    for abrupt in ("<!-->", "<!--->"):
        if text.startswith(abrupt, at):
            return Token("comment", at, at + len(abrupt))
    close = _COMMENT_END.search(text, at + 4, end)
    return Token("comment", at, close.end() if close else end, complete=bool(close))


def _tag(text: str, name: re.Match[str], end: int) -> Token:
    attributes: list[Attribute] = []
    at = name.end()
    while match := _ATTRIBUTE.match(text, at, end):
        attribute, closed = _attribute(match)
        attributes.append(attribute)
        at = match.end()
        if not closed:
            break
    close = text.find(">", at, end)
    closing = text[name.start() + 1] == "/"
    return Token(
        "close" if closing else "open",
        name.start(),
        end if close < 0 else close + 1,
        name[1].lower(),
        tuple(attributes),
        self_closing=close > 0 and text[close - 1] == "/" and text[at:close].strip() == "/",
        complete=close >= 0,
    )


def _attribute(match: re.Match[str]) -> tuple[Attribute, bool]:
    """The attribute, and whether its quote is closed."""
    start = match.end("space")
    if match["mark"]:
        return Attribute(match["mark"], None, "", start, start, mark=True), True
    name = match["name"].lower()
    for group, quote, closed in (("double", '"', "dq"), ("single", "'", "sq")):
        if match[group] is not None:
            return Attribute(name, match[group], quote, start, match.start(group)), bool(match[closed])
    if match["equals"] is not None:
        return Attribute(name, match["bare"], "", start, match.start("bare")), True
    return Attribute(name, None, "", start, match.end("name")), True


def _raw_end(text: str, token: Token, end: int) -> int:
    if token.name == "plaintext":
        return end
    close = re.compile(rf"</{re.escape(token.name)}(?=[\s/>])", re.IGNORECASE).search(text, token.end, end)
    return close.start() if close else end


def condition_body(text: str, comment: Token) -> tuple[int, int] | None:
    """The span inside `<!--[if mso]> … <![endif]-->`, which Outlook reads as markup; None for other comments."""
    opening = _CONDITION.match(text, comment.start, comment.end)
    if not opening:
        return None
    closing = text.rfind("<![endif]", opening.end(), comment.end)
    return opening.end(), closing if closing >= 0 else comment.end
