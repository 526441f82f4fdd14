"""The child process of sandbox.py: reads one job as JSON, answers in JSON, within limits it sets itself first.

It starts with an empty environment and never imports Django: there is no secret and no database to reach.
"""

import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

CPU_SECONDS = 2
MEMORY = 192 * 1024 * 1024  # of address space, the 35 MB of the interpreter included
TOO_COSTLY = 3  # exit code


def main() -> None:
    """Do the job on standard input."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        job = json.load(sys.stdin.buffer)
        answer = json.dumps(JOBS[job.pop("job")](**job)).encode()
    except (MemoryError, RecursionError):
        sys.exit(TOO_COSTLY)
    sys.stdout.buffer.write(answer)


def _compile(contents: list[dict[str, str]], blocks: dict[str, str]) -> list[dict[str, Any]]:
    from templates.compiling import compile_content
    from templates.drafts import ContentDraft

    done = [compile_content(ContentDraft(**item), blocks, f"/contents/{n}") for n, item in enumerate(contents)]
    return [
        {
            "compiled": asdict(work.compiled) if work.compiled else None,
            "merge_tags": sorted({use.name for use in work.merge_tags}),
            "blocks": sorted(work.blocks),
            "findings": [asdict(item) for item in work.findings.found],
        }
        for work in done
    ]


def _lint(contents: list[dict[str, str]], blocks: dict[str, str], terms: dict[str, Any]) -> list[dict[str, Any]]:
    from templates.compiling import compile_content
    from templates.drafts import ContentDraft
    from templates.linting import Terms, lint

    done = [compile_content(ContentDraft(**item), blocks, f"/contents/{n}") for n, item in enumerate(contents)]
    return [asdict(item) for work in done for item in lint(work, Terms(**terms))]


def _render(
    content: dict[str, Any], policy: dict[str, Any], fields: dict[str, Any], brand: dict[str, str], unsubscribe: str
) -> dict[str, Any]:
    from templates.errors import RenderFailed
    from templates.rendering import CompiledContent, CompiledVersion, Links

    parsed = CompiledContent.parse(**content)
    version = CompiledVersion({parsed.language.lower(): parsed}, parsed.language, **policy)
    try:
        rendered = version.render(fields=fields, language=parsed.language, brand=brand, links=Links(unsubscribe))
    except RenderFailed as error:
        return {"failed": error.detail, "missing": getattr(error, "name", None)}
    return {"rendered": asdict(rendered)}


class _Asked(dict[str, str]):
    """Fallbacks that note which of them was asked for: the merge tags without a value."""

    def __init__(self, fallbacks: dict[str, str]) -> None:
        super().__init__(fallbacks)
        self.names: set[str] = set()

    def __contains__(self, name: object) -> bool:
        known = super().__contains__(name)
        if not known:
            self.names.add(str(name))
        return known


def _try(
    contents: list[dict[str, Any]],
    people: list[dict[str, Any]],
    policy: dict[str, Any],
    brand: dict[str, str],
    unsubscribe: str,
) -> list[dict[str, Any]]:
    from templates.rendering import CompiledContent

    parsed: dict[str, CompiledContent] = {}
    for content in contents:
        if content["language"] not in parsed:
            parsed[content["language"]] = CompiledContent.parse(**content)
    return [
        _outcome(parsed[content["language"]], fields, policy, brand, unsubscribe)
        for content, fields in zip(contents, people, strict=True)
    ]


def _outcome(
    parsed: Any, fields: dict[str, Any], policy: dict[str, Any], brand: dict[str, str], unsubscribe: str
) -> dict[str, Any]:
    from templates.errors import MissingMergeTag, RenderFailed
    from templates.rendering import CompiledVersion, Links

    asked = _Asked(policy["fallbacks"])
    version = CompiledVersion({parsed.language.lower(): parsed}, parsed.language, policy["skip_missing"], asked)
    try:
        version.render(fields=fields, language=parsed.language, brand=brand, links=Links(unsubscribe))
    except RenderFailed as error:
        skipped = isinstance(error, MissingMergeTag)
        return {"missing": sorted(asked.names), "failed": error.detail, "skipped": skipped}
    return {"missing": sorted(asked.names), "failed": "", "skipped": False}


JOBS: dict[str, Callable[..., Any]] = {"compile": _compile, "lint": _lint, "render": _render, "try": _try}

if __name__ == "__main__":
    main()
