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


class Watch:
    """Collects errors in the console, violations of the content policy, and requests that leave the origin."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.problems: list[str] = []

    def over(self, context: BrowserContext) -> None:
        context.add_init_script(_REPORT_CSP)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_ANSWERED):
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:", "about:")):
            self.problems.append(f"left the origin: {request.url}")


def check_axe(page: Page) -> None:
    """No serious or critical finding of axe-core (https://github.com/dequelabs/axe-core) on the page as it stands."""
    page.evaluate(_AXE.read_text())
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    grave = [
        (one["id"], one["help"], [(node["html"][:200], node["failureSummary"]) for node in one["nodes"]])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert grave == [], f"{page.url}: {json.dumps(grave, indent=2)}"
