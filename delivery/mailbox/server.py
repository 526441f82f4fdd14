"""The SMTP server of the local mailbox (aiosmtpd): takes everything, answers after it is stored."""

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from config.lib.errors import DomainError
from delivery.mailbox.store import Mailbox

_END = b"\r\n.\r\n"
_MAX_BYTES = 50 * 1024 * 1024


class PortTaken(DomainError):
    """The port of the mailbox is taken by another program."""

    code = "port_taken"


class _Handler:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        key = self._mailbox.add(envelope.mail_from or "", envelope.rcpt_tos, envelope.content)
        return f"250 2.0.0 stored as {key}"


class _Server(SMTP):
    """aiosmtpd reads a message line by line, which takes 3 ms for 25 kB; this reads it whole, in a tenth of that."""

    line_length_limit = _MAX_BYTES  # also what its stream reader may hold

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        if await self.check_helo_needed():
            return
        if not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            self.envelope.content = await self._message()
        except asyncio.LimitOverrunError:
            await self.push("552 5.3.4 the message is too large")
            self._writer.close()
            return
        status = await self._call_handler_hook("DATA")
        self._set_post_data_state()
        await self.push(status)

    async def _message(self) -> bytes:
        """The message without its dots: what stands before the line with a dot alone."""
        data: bytes = await self._reader.readexactly(3)
        if data == b".\r\n":
            return b""
        if b"\r" in data:  # a first line so short that the end may already have begun
            while not data.endswith(_END):
                data += await self._reader.readuntil(b"\n")
        else:
            data += await self._reader.readuntil(_END)
        data = data[: -len(b".\r\n")]
        return data.removeprefix(b".").replace(b"\r\n..", b"\r\n.")


async def serve(
    mailbox: Mailbox, host: str, port: int, *, ready: Callable[[int], Any], place: socket.socket | None = None
) -> None:
    """Answer until cancelled; `ready` is called with the port once mail can come. Raises PortTaken.

    `place`: what listens already, instead of host and port.
    """
    mailbox.make_folders()
    loop = asyncio.get_running_loop()
    handler = _Handler(mailbox)

    def session() -> _Server:
        return _Server(handler, enable_SMTPUTF8=True, data_size_limit=_MAX_BYTES, hostname="mailbox", loop=loop)

    try:
        given: dict[str, Any] = {"sock": place} if place else {"host": host, "port": port}
        server = await loop.create_server(session, **given)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"Port {port} on {host} is taken: stop what listens there or set MAILBOX_PORT") from None
        raise
    async with server:
        ready(server.sockets[0].getsockname()[1])
        with suppress(asyncio.CancelledError):
            await server.serve_forever()
