"""What goes on in a deployment while a bench sends: the log is counted, and people unsubscribe."""

import http.client
import threading
import time
from collections.abc import Callable
from types import TracebackType

from django.db import connection
from django.utils import timezone

from analytics import selectors
from analytics import services as counting
from compliance.models import Scope
from compliance.tokens import UnsubscribeToken
from config.lib.addresses import address_hash
from delivery.models import Message, SendOrder
from segments.models import Contact

PAUSE_S = 0.1  # between two who unsubscribe
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Meanwhile:
    """Runs in threads of this process, which has nothing else to do, for the length of a with block."""

    def __init__(self, order: SendOrder, web_port: int) -> None:
        self.left = 0
        self._order, self._web_port = order, web_port
        self._waits_ms: list[float] = []
        self._lags_s: list[float] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=[work]) for work in (self._count, self._leave)]

    def __enter__(self) -> "Meanwhile":
        self._warm_up()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _warm_up(self) -> None:
        """Each process of the web server loads its code with its first request."""
        for _ in range(20):
            self._ask("GET", "/healthz")

    def _ask(self, method: str, path: str, body: str = "") -> int:
        web = http.client.HTTPConnection("127.0.0.1", self._web_port, timeout=120)
        web.request(method, path, body=body, headers=_FORM)
        status = web.getresponse().status
        web.close()
        return status

    def figures(self) -> dict[str, float | None]:
        """The worst of a hundred who unsubscribed, and the oldest that the counters were."""
        waits = sorted(self._waits_ms)
        return {
            "unsubscribe_p99_ms": round(waits[int(len(waits) * 0.99)], 1) if waits else None,
            "stream_lag_s": round(max(self._lags_s), 1) if self._lags_s else None,
        }

    def _repeat(self, work: Callable[[], None]) -> None:
        try:
            while not self._over.is_set():
                work()
        finally:
            connection.close()

    def _count(self) -> None:
        """As the tick of each second does."""
        counting.count(seconds=1)
        if as_of := selectors.as_of():
            self._lags_s.append((timezone.now() - as_of).total_seconds())
        self._over.wait(1)

    def _leave(self) -> None:
        """One click by one person whose message still waits, or was sent."""
        path = self._unsubscribe_path(self.left)
        begun = time.perf_counter()
        status = self._ask("POST", path, "List-Unsubscribe=One-Click")
        self._waits_ms.append((time.perf_counter() - begun) * 1000)
        if status >= 400:
            raise RuntimeError(f"unsubscribing answered {status}")
        self.left += 1
        self._over.wait(PAUSE_S)

    def _unsubscribe_path(self, number: int) -> str:
        order = self._order
        message = Message.objects.filter(order=order).order_by("-pk")[number * 7]
        email = Contact.objects.values_list("email", flat=True).get(pk=message.contact_id)
        token = UnsubscribeToken(
            message.pk, message.contact_id, order.campaign_id, order.brand_id, Scope.BRAND, order.brand_id,
            address_hash(email or ""),
        )  # fmt: skip
        return f"/u/{token.seal()}"
