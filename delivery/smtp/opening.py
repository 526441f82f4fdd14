"""From nothing to a server that is ready for mail: connect, TLS, EHLO, AUTH. Blocking, each step with its time-out."""

import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from delivery.smtp.config import Config
from delivery.smtp.replies import Broken, Reply, ReplyReader

Features = Mapping[str, str]


@dataclass(frozen=True)
class Opened:
    """A socket past its greeting (non-blocking from here on), and what the server offers, by upper-case keyword."""

    sock: socket.socket
    features: Features


def tls_context(config: Config) -> ssl.SSLContext:
    """Certificates are checked unless the account says otherwise."""
    context = ssl.create_default_context(cafile=config.ca_file or None)
    if not config.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def open_connection(config: Config, context: ssl.SSLContext | None, *, deadline: float) -> Opened:
    """Raises Broken, with the step that failed in words, also when `deadline` (monotonic) passes on the way."""
    sock = _connect(config, deadline)
    opening = _Opening(sock, config, context, deadline)
    try:
        opening.run()
        opening.sock.setblocking(False)
        return Opened(opening.sock, opening.features)
    except OSError as error:  # ssl.SSLError is one
        opening.sock.close()
        raise Broken(f"{config.host}:{config.port}: {_words(error)}") from None
    except BaseException:
        opening.sock.close()
        raise


def _connect(config: Config, deadline: float) -> socket.socket:
    try:
        sock = socket.create_connection((config.host, config.port), timeout=_within(deadline, config.connect_timeout))
    except OSError as error:
        raise Broken(f"cannot connect to {config.host}:{config.port}: {_words(error)}") from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return sock


def _within(deadline: float, timeout: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise Broken("the time to begin was over before the server was ready")
    return min(left, timeout)


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return "timed out" if isinstance(error, TimeoutError) else (error.strerror or str(error))


class _Opening:
    """The dialogue up to the first MAIL."""

    def __init__(self, sock: socket.socket, config: Config, context: ssl.SSLContext | None, deadline: float) -> None:
        self.sock = sock
        self.features: Features = {}
        self._config = config
        self._context = context
        self._deadline = deadline
        self._reader = ReplyReader()

    def run(self) -> None:
        if self._config.security == "tls":
            self._secure()
        self._expect(self._reply(), 220, "the greeting")
        self._hello()
        if self._config.security == "starttls":
            self._start_tls()
        if self._config.username:
            self._authenticate()

    def _hello(self) -> None:
        name = self._config.helo_name or _own_name(self.sock)
        reply = self._ask(f"EHLO {name}")
        if reply.positive:
            lines = [line.strip().partition(" ") for line in reply.text.split("\n")[1:]]
            self.features = {keyword.upper(): rest for keyword, _, rest in lines}
        else:  # a server from before 1995
            self._expect(self._ask(f"HELO {name}"), 250, "HELO")

    def _start_tls(self) -> None:
        if "STARTTLS" not in self.features:
            raise Broken("the server does not offer STARTTLS, which this account asks for")
        self._expect(self._ask("STARTTLS"), 220, "STARTTLS")
        if not self._reader.empty:
            raise Broken("the server spoke before the line was secure")
        self._secure()
        self._hello()

    def _secure(self) -> None:
        assert self._context
        self.sock.settimeout(_within(self._deadline, self._config.connect_timeout))
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self._config.host)

    def _authenticate(self) -> None:
        offered = self.features.get("AUTH", "").upper().split()
        user, password = self._config.username, self._config.password
        if "PLAIN" in offered:
            reply = self._ask("AUTH PLAIN " + _base64(f"\0{user}\0{password}"))
        elif "LOGIN" in offered:
            self._expect(self._ask("AUTH LOGIN"), 334, "AUTH LOGIN")
            self._expect(self._ask(_base64(user)), 334, "AUTH LOGIN")
            reply = self._ask(_base64(password))
        else:
            raise Broken("the server offers neither AUTH PLAIN nor AUTH LOGIN")
        self._expect(reply, 235, "signing in")

    def _expect(self, reply: Reply, code: int, step: str) -> None:
        if reply.code != code:
            raise Broken(f"{step} was refused", reply)

    def _ask(self, command: str) -> Reply:
        self.sock.settimeout(_within(self._deadline, self._config.command_timeout))
        self.sock.sendall(f"{command}\r\n".encode())
        return self._reply()

    def _reply(self) -> Reply:
        while True:
            self.sock.settimeout(_within(self._deadline, self._config.command_timeout))
            data = self.sock.recv(4096)
            if not data:
                raise Broken("the server closed the connection before it was ready")
            replies = list(self._reader.feed(data))
            if replies:
                if len(replies) > 1:
                    raise Broken("the server answered what was not asked")
                return replies[0]


def _own_name(sock: socket.socket) -> str:
    """Our host's full name, else the address literal of RFC 5321 4.1.3."""
    name = socket.gethostname()
    if "." in name:
        return name
    address = str(sock.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
