"""The settings of one SMTP relay."""

from dataclasses import dataclass, field

_SECURITY = ("none", "starttls", "tls")
_LOOPBACK = ("localhost", "127.", "::1")


@dataclass(frozen=True)
class Config:
    """Where mail is handed over, and how patiently. Times are in seconds.

    `reply_timeout` is the wait for the answer to a whole message: RFC 5321 wants 600, we count a silent server as
    UNKNOWN sooner. The lease of a message in flight must be longer than it. Raises ValueError saying what to change.
    """

    host: str
    port: int = 25
    security: str = "none"
    username: str = ""
    password: str = field(default="", repr=False, metadata={"secret": True})
    verify_tls: bool = True
    ca_file: str = ""
    helo_name: str = ""
    connections: int = 4
    messages_per_connection: int = 500
    connect_timeout: float = 10.0
    command_timeout: float = 30.0
    data_timeout: float = 30.0
    reply_timeout: float = 60.0
    idle_limit: float = 60.0

    def __post_init__(self) -> None:
        if self.security not in _SECURITY:
            raise ValueError(f"security is {self.security!r}; it is one of {', '.join(_SECURITY)}")
        if not (0 < self.port < 65536 and 0 < self.connections <= 100 and self.messages_per_connection > 0):
            raise ValueError("port is 1-65535, connections 1-100, messages_per_connection at least 1")
        if self.username and self.security == "none" and not self.host.startswith(_LOOPBACK):
            raise ValueError("a password is not sent over an open line: set security to starttls or tls")
