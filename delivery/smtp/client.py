"""Several kept connections to one relay, driven in one thread, so that the relay's latency is hidden."""

import logging
import selectors
import time
from collections import Counter
from collections.abc import Sequence

from delivery.classification import detail
from delivery.providers.base import Envelope, Receipt
from delivery.smtp.batch import Batch, Line
from delivery.smtp.config import Config
from delivery.smtp.link import Link
from delivery.smtp.opening import open_connection, tls_context
from delivery.smtp.replies import Broken, TimeOver

log = logging.getLogger(__name__)
_FRUITLESS_LIMIT = 3


class Client:
    """Connections are opened when first needed and kept. Not thread-safe, not to be carried over a fork."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._context = tls_context(config) if config.security != "none" else None
        self._selector = selectors.DefaultSelector()
        self._links: list[Link] = []
        self._failure: Broken | None = None
        self._fruitless = 0

    def send(self, envelopes: Sequence[Envelope], *, begin_before: float) -> list[Receipt]:
        """One receipt for each envelope, in order; never raises for a message.

        The body of no message is begun after `begin_before` (monotonic); one begun before it may still take
        `reply_timeout` to be answered.
        """
        batch = Batch(envelopes, begin_before)
        self._failure, self._fruitless = None, 0
        try:
            self._drop_stale()
            while self._put_to_work(batch):
                self._wait()
        except BaseException:  # a signal in mid-dialogue: these connections cannot be used again
            self.close()
            raise
        return batch.receipts(self._failure or TimeOver())

    def close(self) -> None:
        """Leave politely where nothing is in flight."""
        for link in self._links:
            link.leave()
        self._links.clear()

    def _put_to_work(self, batch: Batch) -> bool:
        """Give every free connection a message, open more while more wait. False when nothing is on its way.

        A connection serves one mailbox provider at a time, and each no more of them at once than it wants.
        """
        for link in self._links:
            if link.free and link.conversation.closing:
                link.leave()
            self._serve(link, batch)
        self._forget_lost()
        while self._next_line(batch) and len(self._links) < self._config.connections and self._open(batch):
            self._serve(self._links[-1], batch)
            self._forget_lost()
        return any(link.conversation.busy for link in self._links)

    def _serve(self, link: Link, batch: Batch) -> None:
        """The messages of a line may all turn out to be none for this server: then the next line."""
        while link.free and not batch.expired and (line := self._next_line(batch)):
            link.start(batch, line)

    def _next_line(self, batch: Batch) -> Line | None:
        return batch.next_line(self._served())

    def _served(self) -> Counter[str]:
        """How many connections have messages to each mailbox provider on their way."""
        return Counter(link.conversation.line.key for link in self._links if link.conversation.busy)

    def _open(self, batch: Batch) -> bool:
        """One more connection. After a failure no other is tried in this batch: those that stand go on."""
        if self._failure or batch.expired:
            return False
        try:
            opened = open_connection(self._config, self._context, deadline=batch.begin_before)
        except Broken as failure:
            self._failure = failure
            log.warning("%s", detail(failure.why))
            return False
        self._links.append(Link(opened, self._config, self._selector))
        return True

    def _wait(self) -> None:
        busy = [link for link in self._links if link.conversation.busy]
        timeout = max(min(link.due for link in busy) - time.monotonic(), 0)
        for key, mask in self._selector.select(timeout):
            key.data.ready(mask)
        now = time.monotonic()
        for link in busy:
            if not link.lost and link.conversation.busy and link.due <= now:
                link.give_up()
        self._forget_lost()

    def _drop_stale(self) -> None:
        """Connections that the server closed meanwhile, or that stood idle for so long that it may have."""
        for key, mask in self._selector.select(0):
            key.data.ready(mask)
        oldest = time.monotonic() - self._config.idle_limit
        for link in self._links:
            if not link.lost and link.active_at < oldest:
                link.leave()
        self._forget_lost()

    def _forget_lost(self) -> None:
        """A server that breaks off again and again before any verdict is left alone: what waits was not begun."""
        self._fruitless += sum(link.fruitless for link in self._links)
        if self._fruitless >= _FRUITLESS_LIMIT:
            self._failure = self._failure or Broken("the server broke off connection after connection")
        self._links = [link for link in self._links if not link.lost]
