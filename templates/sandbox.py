"""What marketers wrote is compiled, proofed and previewed in a child process with limits (STANDARDS B8.2).

A template that would take all memory or time takes the child's, and its author gets TooCostly.
Sending needs no child: what it renders has passed here, and is held by the counted limits of dialect/context.py.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from templates.compiling import Compiled
from templates.compiling.links import Link
from templates.drafts import ContentDraft
from templates.errors import MissingMergeTag, RenderFailed, TooCostly
from templates.findings import Finding
from templates.linting import Terms
from templates.rendering import Fields, Rendered
from templates.sandbox_child import TOO_COSTLY

WALL_SECONDS = 30  # the limit that counts is on processor time; this one is for a child that hangs
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Result:
    """What compiling one content gave; `compiled` is None when a finding is an error."""

    compiled: Compiled | None
    merge_tags: list[str]
    blocks: list[str]
    findings: list[Finding]


def compile_contents(contents: Sequence[ContentDraft], blocks: Mapping[str, str]) -> list[Result]:
    """Each content compiled, in the same order. Raises TooCostly."""
    answer = _run("compile", contents=[asdict(draft) for draft in contents], blocks=dict(blocks))
    return [_result(**item) for item in answer]


def _result(compiled: dict[str, Any] | None, findings: list[dict[str, Any]], **rest: list[str]) -> Result:
    if compiled:
        compiled["links"] = tuple(Link(**link) for link in compiled["links"])
    made = Compiled(**compiled) if compiled else None
    return Result(made, findings=[Finding(**item) for item in findings], **rest)


def lint_contents(contents: Sequence[ContentDraft], blocks: Mapping[str, str], terms: Terms) -> list[Finding]:
    """All findings on these contents. Raises TooCostly."""
    return [
        Finding(**item)
        for item in _run(
            "lint", contents=[asdict(draft) for draft in contents], blocks=dict(blocks), terms=asdict(terms)
        )
    ]


def render(
    content: Mapping[str, Any], *, policy: Mapping[str, Any], fields: Fields, brand: Fields, unsubscribe: str
) -> Rendered:
    """One stored content for one person, as rendering.py does it. Raises RenderFailed, MissingMergeTag, TooCostly.

    `content` are the arguments of CompiledContent.parse, `policy` has skip_missing and fallbacks.
    """
    answer = _run(
        "render",
        content=dict(content),
        policy=dict(policy),
        fields=dict(fields),
        brand=dict(brand),
        unsubscribe=unsubscribe,
    )
    if answer.get("missing"):
        raise MissingMergeTag(answer["missing"])
    if "failed" in answer:
        raise RenderFailed(answer["failed"])
    return Rendered(**answer["rendered"])


def try_people(
    contents: Sequence[Mapping[str, Any]],
    people: Sequence[Fields],
    *,
    policy: Mapping[str, Any],
    brand: Fields,
    unsubscribe: str,
) -> list[dict[str, Any]]:
    """For each person with their content: the merge tags without a value (`missing`), why it failed, if it did
    (`failed`), and whether that is because the policy skips them (`skipped`). Raises TooCostly.
    """
    return cast(
        list[dict[str, Any]],
        _run(
            "try",
            contents=[dict(content) for content in contents],
            people=[dict(fields) for fields in people],
            policy=dict(policy),
            brand=dict(brand),
            unsubscribe=unsubscribe,
        ),
    )


def _run(job: str, **arguments: object) -> Any:
    payload = json.dumps({"job": job, **arguments}, sort_keys=True).encode()
    return json.loads(_child(payload) if job in {"render", "try"} else _remembered(payload))


@lru_cache(maxsize=64)
def _remembered(payload: bytes) -> bytes:
    """Compiling and proofing are pure, and the same version is proofed at each look at its campaign."""
    return _child(payload)


def _child(payload: bytes) -> bytes:
    try:
        child = subprocess.run(
            [sys.executable, "-s", "-m", "templates.sandbox_child"],
            input=payload,
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
            cwd=_ROOT,
            env={},
        )
    except subprocess.TimeoutExpired:
        raise TooCostly from None
    if child.returncode < 0 or child.returncode == TOO_COSTLY:
        raise TooCostly
    if child.returncode:
        raise RuntimeError(f"the template sandbox failed: {child.stderr.decode(errors='replace')[-2000:]}")
    return child.stdout
