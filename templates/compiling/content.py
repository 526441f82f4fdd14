"""From what an author wrote to what is rendered for each person: done once, when a version is saved.

Shared blocks are copied in, MJML becomes HTML, links become slots, a text part is made when there is none.
What comes out is Liquid and nothing but Liquid is left to parse. It runs in the limited child process (sandbox.py)
and knows no database.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from itertools import count

from liquid.exceptions import LiquidError
from mjml import mjml2html

from templates import dialect
from templates.compiling import links, merge_tags, plain_text, spots
from templates.compiling.expanding import expand
from templates.compiling.links import Edit, Link, Slots
from templates.compiling.markup import tokens
from templates.compiling.merge_tags import Use
from templates.compiling.mjml_check import Check
from templates.compiling.source import MARK, Piece, Protected, Source, open_block, piece_of
from templates.dialect import UnknownFilter
from templates.drafts import ContentDraft
from templates.findings import Findings, near

_POSITION = re.compile(r" in root template(?: at position (\d+):\d+)?")
_NOT_PLAIN = re.compile(r"[^\x00-\x5b\x5d-\x7f]")
_UNKNOWN_TAG = "unexpected tag"
_HIDDEN = "display:none;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all"


@dataclass(frozen=True)
class Compiled:
    """One language as it is stored. `html` is empty for a plain text message."""

    html: str
    text: str
    links: tuple[Link, ...] = ()


@dataclass
class Compilation:
    """A draft, its sources with shared blocks written out, and what became of them; `compiled` only without errors."""

    draft: ContentDraft
    findings: Findings = field(default_factory=Findings)
    sources: dict[str, Source] = field(default_factory=dict)
    merge_tags: list[Use] = field(default_factory=list)
    compiled: Compiled | None = None

    @property
    def blocks(self) -> set[str]:
        """The shared blocks it was made with."""
        return {name for source in self.sources.values() for name in source.blocks}


def compile_content(draft: ContentDraft, blocks: Mapping[str, str], pointer: str = "") -> Compilation:
    """Compile one language. `blocks` are the sources of shared blocks by name; `pointer` is where the draft stands."""
    work = Compilation(draft)
    _read_sources(work, blocks, pointer)
    if not work.findings.errors:
        compiled = _compile_text(work) if draft.format == "text" else _compile_html(work)
        if not work.findings.errors:
            work.compiled = compiled
    return work


def _read_sources(work: Compilation, blocks: Mapping[str, str], pointer: str) -> None:
    for name in ("subject", "preheader", "body", "text"):
        whole = blocks if name in {"body", "text"} else {}
        source = expand(f"{pointer}/{name}", getattr(work.draft, name), whole, work.findings)
        work.sources[name] = source
        if not work.findings.errors:
            work.merge_tags += _read_liquid(source, work.findings)


def _read_liquid(source: Source, findings: Findings) -> list[Use]:
    """The merge tags of a source. Notes the first thing that is not our Liquid, with its place."""
    try:
        return merge_tags.uses(dialect.parse(dialect.AUTHOR, source.text), source)
    except RecursionError:
        findings.add("E024", "this is nested too deeply", source.place(None))
    except LiquidError as error:
        token = error.token
        message = str(error.args[0]) if error.args else "this is not Liquid"
        place = source.place(token.start_index if token else None)
        if isinstance(error, UnknownFilter) and token:
            findings.add("E003", message + near(token.value, dialect.AUTHOR.filters), place)
        elif message.startswith(_UNKNOWN_TAG) and token:
            findings.add("E002", message + near(token.value, dialect.AUTHOR.tags), place)
        elif place.line is None and (block := open_block(source)):
            findings.add("E001", f"{block.text[:60]} has no {{% end{block.name} %}}", block.place)
        else:
            findings.add("E001", message, place)
    return []


def _compile_text(work: Compilation) -> Compiled:
    known: list[Piece] = []
    slots = Slots()
    text = links.plain_links(Protected(work.sources["body"], known).text, known, slots)
    return Compiled("", text, tuple(slots.links))


def _compile_html(work: Compilation) -> Compiled | None:
    known: list[Piece] = []
    slots = Slots()
    body = Protected(work.sources["body"], known)
    html = _from_mjml(work, body, known) if work.draft.format == "mjml" else body.text
    if html is None:
        return None
    html = _with_preheader(html, Protected(work.sources["preheader"], known).text)
    found = spots.find(html, known)
    spots.check(found, work.findings)
    addresses = links.static_links(html, known, slots) | links.liquid_addresses(found, work.findings)
    if work.draft.text.strip():
        text = links.plain_links(Protected(work.sources["text"], known).text, known, slots)
    else:
        text = plain_text.from_html(html, known, addresses)
    edits = [Edit(item.value_start, item.value_end, address.html) for item, address in addresses.items()]
    compiled = Compiled(links.woven(html, [*edits, *links.elsewhere(found)]), text, tuple(slots.links))
    _check_compiled(work, compiled)
    return compiled


def _from_mjml(work: Compilation, body: Protected, known: list[Piece]) -> str | None:
    before = len(work.findings.found)
    check = Check(body, known, work.findings, language=work.draft.language)
    text = check.run()
    if any(item.level == "error" for item in work.findings.found[before:]):
        return None
    try:
        html = _mrml(text)
    except _MrmlRefuses as error:
        work.findings.add("E010", f"MJML: {error.message}", check.place(error.offset))
        return None
    kept = set(MARK.findall(html))
    for mark in MARK.findall(body.text):
        if mark not in kept and (piece := piece_of(mark, known)).kind == "tag":
            work.findings.add("E012", f"{piece.text[:60]} has no effect here", piece.place)
    return html


class _MrmlRefuses(Exception):
    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def _mrml(mjml: str) -> str:
    r"""The HTML of mrml. It writes some attributes as Rust writes strings for debugging: a backslash doubled, a
    zero-width joiner (half of all family emoji) as `\u{200d}`. So it sees ASCII only, without backslashes.
    """
    prefix = next(name for name in (f"u{number}x" for number in count()) if name not in mjml)
    ascii_only = _NOT_PLAIN.sub(lambda match: f"{prefix}{ord(match[0]):x}z", mjml)

    def back(text: str) -> str:
        return re.sub(f"{prefix}([0-9a-f]+)z", lambda match: chr(int(match[1], 16)), text)

    try:
        return back(mjml2html(ascii_only, fonts={}))  # MJML's own fonts would be fetched by each reader
    except ValueError as error:
        position = _POSITION.search(str(error))
        offset = len(back(ascii_only[: int(position[1])])) if position and position[1] else 0
        raise _MrmlRefuses(_POSITION.sub("", str(error)), offset) from error


def _with_preheader(html: str, preheader: str) -> str:
    """The HTML with the preheader as hidden text at the beginning of the body, where mail programs look for it."""
    if not preheader.strip():
        return html
    ends = {token.name: token.end for token in tokens(html) if (token.kind, token.name) in _BEGINNINGS}
    at = ends.get("body") or ends.get("head") or ends.get("html") or 0
    return f'{html[:at]}<div style="{_HIDDEN}">{escape(preheader)}</div>{html[at:]}'


_BEGINNINGS = {("open", "body"), ("close", "head"), ("open", "html")}


def _check_compiled(work: Compilation, compiled: Compiled) -> None:
    """What was woven must be Liquid again; only a text part made by us can fail to be."""
    if work.findings.errors:
        return
    for environment, text, name in ((dialect.HTML, compiled.html, "body"), (dialect.TEXT, compiled.text, "text")):
        try:
            dialect.parse(environment, text)
        except LiquidError as error:
            number = "E023" if name == "text" else "E021"
            message = f"the blocks of Liquid do not fit the markup around them ({error.args[0]})"
            work.findings.add(number, message, work.sources["body"].place(None))
