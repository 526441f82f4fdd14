"""A page under watch: what must not happen on any of them fails the test."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

_AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
# A refusal in words (401, 404, 409, 422) is an answer; the browser logs it all the same.
_ANSWERED = "Failed to load resource: the server responded with a status of 4"
_REPORT_CSP = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));"""
_QUIET_MS = 50


class Watch:
    """Collects errors in the console, violations of the content policy, and requests that leave the origin.

    `scripts`: the addresses of those that were loaded since it was last emptied.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.problems: list[str] = []
        self.scripts: set[str] = set()
        self._under_way: set[Request] = set()

    def over(self, context: BrowserContext) -> None:
        context.add_init_script(_REPORT_CSP)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))
        context.on("request", self._request)
        context.on("requestfinished", self._ended)
        context.on("requestfailed", self._ended)

    def settle(self, page: Page) -> None:
        """Until what the page loads after itself is there: twice in a row nothing is under way."""
        quiet = 0
        while quiet < 2:
            page.wait_for_timeout(_QUIET_MS)
            quiet = 0 if self._under_way else quiet + 1

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_ANSWERED):
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        self._under_way.add(request)
        if request.resource_type == "script":
            self.scripts.add(request.url)
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:", "about:")):
            self.problems.append(f"left the origin: {request.url}")

    def _ended(self, request: Request) -> None:
        self._under_way.discard(request)


def check_axe(page: Page) -> None:
    """No serious or critical finding of axe-core (https://github.com/dequelabs/axe-core) on the page as it stands."""
    load_axe(page)
    grave = barriers(page)
    assert grave == [], f"{page.url}: {json.dumps(grave, indent=2)}"


def load_axe(page: Page) -> None:
    """Bring axe-core onto the page, until it is left."""
    page.evaluate(_AXE.read_text())


def barriers(page: Page) -> list[Any]:
    """What axe-core, which is on the page, finds serious or critical."""
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (one["id"], one["help"], [(node["html"][:200], node["failureSummary"]) for node in one["nodes"]])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
