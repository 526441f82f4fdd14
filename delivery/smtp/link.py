"""One open connection: a socket and the conversation on it. Loses itself rather than raise."""

import contextlib
import selectors
import socket
import ssl
import time

from delivery.smtp.batch import Batch, Line
from delivery.smtp.config import Config
from delivery.smtp.conversation import Conversation
from delivery.smtp.opening import Opened
from delivery.smtp.replies import Broken, ReplyReader

_CHUNK = 65536
_QUICK_ACK = getattr(socket, "TCP_QUICKACK", 0)  # Linux only, and not lasting: set anew each time
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Link:
    """Registered with the selector for as long as it lives; `lost` once it is of no more use.

    `fruitless`: it broke before the server had given any verdict on it.
    """

    def __init__(self, opened: Opened, config: Config, selector: selectors.BaseSelector) -> None:
        self.conversation = Conversation(opened.features, config)
        self.lost = False
        self.fruitless = False
        self.active_at = time.monotonic()
        self._sock = opened.sock
        self._selector = selector
        self._reader = ReplyReader()
        self._interest = selectors.EVENT_READ
        selector.register(self._sock, self._interest, self)

    @property
    def due(self) -> float:
        """When (monotonic) our patience with this server ends."""
        return self.active_at + self.conversation.patience

    @property
    def free(self) -> bool:
        return not self.lost and not self.conversation.busy

    def start(self, batch: Batch, line: Line) -> None:
        """Begin with the first message of a line."""
        try:
            self.conversation.start(batch, line)
            self._flush()
        except (Broken, OSError) as error:
            self._lose(error)

    def ready(self, mask: int) -> None:
        """The socket can be read or written."""
        try:
            if mask & selectors.EVENT_READ:
                self._receive()
            self._flush()
        except (Broken, OSError) as error:
            self._lose(error)

    def give_up(self) -> None:
        """The server took longer than our patience."""
        self._lose(Broken(f"no answer within {self.conversation.patience:.0f} s"))

    def leave(self) -> None:
        """Say QUIT when nothing is in flight, wait for no answer, close."""
        if not self.conversation.busy:
            with contextlib.suppress(OSError):
                self._sock.send(b"QUIT\r\n")
        self._close()

    def _receive(self) -> None:
        while True:
            try:
                data = self._sock.recv(_CHUNK)
            except _NOT_NOW:
                return
            if not data:
                raise Broken("the server closed the connection")
            self.active_at = time.monotonic()
            for reply in self._reader.feed(data):
                self.conversation.take(reply)
            if not (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
                break
        if not self.conversation.unsent:
            self._acknowledge()

    def _acknowledge(self) -> None:
        """More replies are to come and we have nothing to send meanwhile: do not keep the server waiting for our ACK.

        A server that writes each reply by itself, with Nagle's algorithm on, would lose 40 ms a message by that.
        """
        if _QUICK_ACK:
            self._sock.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def _flush(self) -> None:
        talk = self.conversation
        while talk.unsent:
            try:
                count = self._sock.send(talk.unsent)
            except _NOT_NOW:
                break
            talk.gone += count
            talk.unsent = talk.unsent[count:]
            self.active_at = time.monotonic()
        self._listen(selectors.EVENT_READ | (selectors.EVENT_WRITE if talk.unsent else 0))

    def _listen(self, interest: int) -> None:
        if interest != self._interest:
            self._interest = interest
            self._selector.modify(self._sock, interest, self)

    def _lose(self, error: Exception) -> None:
        """What the server said before the connection broke still counts: a 250 may lie in our buffer."""
        if not isinstance(error, Broken):
            with contextlib.suppress(Broken, OSError):
                self._receive()
            error = Broken(f"the connection broke: {getattr(error, 'strerror', '') or error}")
        self._close()
        self.fruitless = not self.conversation.proven
        self.conversation.break_off(error)

    def _close(self) -> None:
        self.lost = True
        with contextlib.suppress(KeyError):
            self._selector.unregister(self._sock)
        self._sock.close()
