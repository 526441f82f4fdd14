"""Mending: what a machine can put right of what proofing found, as a new source.

Each remedy reads the draft at the place of the finding and nothing else. One that finds there what it does not
expect gives None: the draft has changed since, or only its author can mend it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from templates import sandbox
from templates.compiling.markup import Token, tokens
from templates.compiling.source import MARK
from templates.drafts import ContentDraft
from templates.findings import Finding

_UNSUBSCRIBE = '<a href="{{ links.unsubscribe }}">Unsubscribe</a>'
_ADDRESS = "{{ brand.legal_name }}<br />{{ brand.postal_address | newline_to_br }}"
_SECTION = """
    <mj-section>
      <mj-column>
        <mj-text align="center" font-size="13px" line-height="20px">{}</mj-text>
      </mj-column>
    </mj-section>
  """
_DEFAULTS = {"first_name": "there", "last_name": "friend"}
_HOST = re.compile(r"(?://)?(?=[\w-]+(?:\.[\w-]+)+(?:[/?#:]|$))")
_ANSWER = re.compile(r"(?:\s*(?:re|fwd?|aw|wg|sv|vs|tr)\s*:)+\s*", re.IGNORECASE)
_NAME = re.compile(r"[\w.-]+")
_TAG = re.compile(r"(?:contact\.)?([\w.]+)")
_OUTPUT = re.compile(r"\{\{-?\s*(?P<path>[\w.]+)[^{}]*\}\}")
_ATTRIBUTE = re.compile(r"""\s*(?P<name>[^\s=>/]+)(?:(?P<equals>\s*=\s*)(?P<value>"[^"]*"|'[^']*'|[^\s>]+))?""")
_BARE_OUTPUT = re.compile(r"\{\{[^{}]*\}\}(?=[\s/>])")
_SLOT = re.compile(r"\{% _slot (\d+) %\}")
_OURS = re.compile(r"\{% (?:_url \w+|end_url) %\}| \| _\w+(?=\s*-?\}\})")

Mend = Callable[[str, int, Finding], str | None]


@dataclass(frozen=True)
class Remedy:
    """What the button says, and what it does to the source at an offset."""

    label: str
    mend: Mend


def remedy_for(draft: ContentDraft, finding: Finding) -> str:
    """What a machine would do about a finding, for a button; blank when only the author can mend it."""
    if finding.number == "W003":
        return "Write it out, to be edited"
    return _label(finding) if mend(draft, finding) else ""


def mend(draft: ContentDraft, finding: Finding) -> ContentDraft | None:
    """The draft with this one finding put right; None when it cannot be, here."""
    if finding.block:
        return None
    if finding.number in _WHOLE:
        return _WHOLE[finding.number][1](draft)
    remedy, name = _REMEDIES.get(finding.number), finding.pointer.rpartition("/")[2]
    if not remedy or name not in {"subject", "preheader", "body", "text"}:
        return None
    source: str = getattr(draft, name)
    at = _offset(source, finding)
    mended = remedy.mend(source, at, finding) if at is not None else None
    return replace(draft, **{name: mended}) if mended is not None and mended != source else None


def write_text_part(draft: ContentDraft, blocks: Mapping[str, str]) -> ContentDraft | None:
    """The draft with the text part that would be made from its HTML; None when it cannot be compiled.

    Raises TooCostly.
    """
    (result,) = sandbox.compile_contents([replace(draft, text="")], blocks)
    if not result.compiled:
        return None
    urls = [link.url for link in result.compiled.links]
    text = _SLOT.sub(lambda match: urls[int(match[1])], result.compiled.text)
    return replace(draft, text=_OURS.sub("", text).strip() + "\n")


def _label(finding: Finding) -> str:
    if finding.suggestion:
        return f"Use {finding.suggestion}"
    return _WHOLE[finding.number][0] if finding.number in _WHOLE else _REMEDIES[finding.number].label


def _offset(source: str, finding: Finding) -> int | None:
    if not finding.line:
        return 0
    lines = source.split("\n")
    if finding.line > len(lines) or (finding.column or 1) > len(lines[finding.line - 1]) + 1:
        return None
    return sum(len(line) + 1 for line in lines[: finding.line - 1]) + (finding.column or 1) - 1


def _put(source: str, start: int, end: int, text: str) -> str:
    return source[:start] + text + source[end:]


# What stands at the place of the finding


def _use_suggestion(source: str, at: int, finding: Finding) -> str | None:
    found = (_TAG if finding.number == "E107" else _NAME).search(source, at)
    if not found or not finding.suggestion:
        return None
    start, end = found.span(1) if finding.number == "E107" else found.span()
    return _put(source, start, end, finding.suggestion)


def _rename_block(source: str, at: int, finding: Finding) -> str | None:
    found = re.compile(r"""\{%-?\s*render\s+['"](.*?)['"]""").match(source, at)
    return _put(source, *found.span(1), finding.suggestion) if found and finding.suggestion else None


def _rename_element(source: str, at: int, finding: Finding) -> str | None:
    token = _token(source, at)
    if not token or not finding.suggestion:
        return None
    closing = None if token.self_closing else re.compile(rf"</{re.escape(token.name)}\s*>").search(source, token.end)
    if closing:
        source = _put(source, *closing.span(), f"</{finding.suggestion}>")
    return _put(source, at + 1, at + 1 + len(token.name), finding.suggestion)


def _add_alt(source: str, at: int, _: Finding) -> str | None:
    token = _token(source, at)
    if not token:
        return None
    if empty := token.get("alt"):
        return _put(source, empty.start, empty.value_end + len(empty.quote), 'alt=""')
    return _put(source, at + 1 + len(token.name), at + 1 + len(token.name), ' alt=""')


def _token(source: str, at: int) -> Token | None:
    token = next(tokens(source, at), None)
    return token if token and token.kind == "open" and token.start == at else None


def _take_out(source: str, at: int, _: Finding) -> str | None:
    token = _token(source, at)
    if not token:
        return None
    end = re.compile(rf"</{re.escape(token.name)}\s*>", re.IGNORECASE).search(source, token.end)
    return _put(source, at, end.end() if end else token.end, "")


def _add_scheme(source: str, at: int, _: Finding) -> str | None:
    value = re.compile(r"[^\s\"'<>]*").match(source, at)
    host = _HOST.match(value[0]) if value else None
    return _put(source, at, at + host.end(), "https://") if host else None


def _encrypt(source: str, at: int, _: Finding) -> str | None:
    found = re.compile(r"\s*http:", re.IGNORECASE).match(source, at)
    return _put(source, at, found.end(), "https:") if found else None


def _add_default(source: str, at: int, _: Finding) -> str | None:
    opening = source.rfind("{{", 0, at)
    output = _OUTPUT.match(source, opening) if opening >= 0 else None
    if not output or not output.start() < at < output.end():
        return None
    name = output["path"].removeprefix("contact.")
    if name in _DEFAULTS:
        end = output.end("path")
        return _put(source, end, end, f' | default: "{_DEFAULTS[name]}"')
    return _put(source, *output.span(), f"{{% if {output['path']} %}}{output[0]}{{% endif %}}")


def _quote(source: str, at: int, _: Finding) -> str | None:
    bare = _BARE_OUTPUT.match(source, at)
    return _put(source, *bare.span(), f'"{bare[0]}"') if bare and source[at - 1 : at] == "=" else None


def _quote_attribute(source: str, at: int, finding: Finding) -> str | None:
    found = _ATTRIBUTE.match(source, at)
    if not found or "no value in quotes" not in finding.message:
        return None
    return _put(source, *found.span(), f'{found["name"]}="{found["value"] or ""}"')


def _drop_attribute(source: str, at: int, finding: Finding) -> str | None:
    if finding.suggestion:
        return _use_suggestion(source, at, finding)
    found = _ATTRIBUTE.match(source, at)
    return _put(source, at - source[:at].endswith(" "), found.end(), "") if found else None


def _drop_marks(source: str, _at: int, _: Finding) -> str:
    return MARK.sub("", source)


def _drop_answer(source: str, _at: int, _: Finding) -> str | None:
    return _ANSWER.sub("", source, count=1)


# What concerns a content as a whole


def _add_unsubscribe(draft: ContentDraft) -> ContentDraft:
    return replace(draft, body=_appended(draft, _UNSUBSCRIBE, "Unsubscribe: {{ links.unsubscribe }}"))


def _add_unsubscribe_to_text(draft: ContentDraft) -> ContentDraft:
    if draft.format == "text" or not draft.text.strip():
        return _add_unsubscribe(draft)
    return replace(draft, text=_with_line(draft.text, "Unsubscribe: {{ links.unsubscribe }}"))


def _add_address(draft: ContentDraft) -> ContentDraft:
    line = "{{ brand.legal_name }}\n{{ brand.postal_address }}"
    parts = ["body", *(["text"] if draft.format != "text" and draft.text.strip() else [])]
    lacking = [name for name in parts if "brand.postal_address" not in getattr(draft, name)] or parts
    body = _appended(draft, _ADDRESS, line) if "body" in lacking else draft.body
    return replace(draft, body=body, text=_with_line(draft.text, line) if "text" in lacking else draft.text)


def _appended(draft: ContentDraft, html: str, line: str) -> str:
    """The body with one thing more, at its very end."""
    if draft.format == "text":
        return _with_line(draft.body, line)
    end = "</mj-body>" if draft.format == "mjml" else "</body>"
    piece = _SECTION.format(html)[3:] if draft.format == "mjml" else f"<p>{html}</p>\n"
    at = draft.body.rfind(end)
    at = len(draft.body) if at < 0 else at
    return _put(draft.body, at, at, piece)


def _with_line(text: str, line: str) -> str:
    return f"{text.rstrip()}\n\n{line}\n"


_WHOLE: dict[str, tuple[str, Callable[[ContentDraft], ContentDraft]]] = {
    "E102": ("Add the link", _add_unsubscribe),
    "E103": ("Add the link", _add_unsubscribe_to_text),
    "E104": ("Add the address", _add_address),
}
_REMEDIES = {
    "E002": Remedy("Correct the name", _use_suggestion),
    "E003": Remedy("Correct the name", _use_suggestion),
    "E004": Remedy("Correct the name", _rename_block),
    "E008": Remedy("Remove them", _drop_marks),
    "E010": Remedy("Put it in quotes", _quote_attribute),
    "E011": Remedy("Correct the name", _rename_element),
    "E020": Remedy("Put it in quotes", _quote),
    "E105": Remedy("Add https://", _add_scheme),
    "E107": Remedy("Correct the name", _use_suggestion),
    "W001": Remedy("Remove it", _drop_attribute),
    "W004": Remedy("Remove it", _drop_answer),
    "W005": Remedy('It is an ornament: alt=""', _add_alt),
    "W007": Remedy("Say what stands for it", _add_default),
    "W008": Remedy("Remove it", _take_out),
    "W011": Remedy("Use https://", _encrypt),
}
