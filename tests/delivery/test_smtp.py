"""The SMTP client against a server that misbehaves: each message has the outcome that is true."""

import logging
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.classification import Category
from delivery.providers.base import Envelope, Outcome, Receipt
from delivery.smtp import Client, Config
from delivery.smtp.replies import Broken, ReplyReader
from tests.support.smtp_server import ALL_FEATURES, Fault, SmtpServer

SENT, TRANSIENT, PERMANENT, UNKNOWN, NOT_BEGUN = Outcome
HUGE = (b"x" * 70 + b"\r\n") * 120_000  # more than the kernel takes before the server reads
LOCK_STEP = [feature for feature in ALL_FEATURES if feature != "PIPELINING"]


def envelope(number: int, body: bytes = b"Hello\r\n", **changes: Any) -> Envelope:
    data = b"From: news@acme.test\r\nSubject: %d\r\n\r\n" % number + body
    return Envelope(
        **{
            "message_id": number,
            "mail_from": f"b+{number}@acme.test",
            "rcpt_to": f"p{number}@example.test",
            "data": data,
            **changes,
        }
    )


_clients: list[Client] = []


@pytest.fixture(autouse=True)
def _close_clients() -> Iterator[None]:
    yield
    while _clients:
        _clients.pop().close()


def client(server: SmtpServer, **changes: Any) -> Client:
    settings = {"host": "127.0.0.1", "port": server.port, "connections": 1, "reply_timeout": 5, **changes}
    _clients.append(Client(Config(**settings)))
    return _clients[-1]


def send(client: Client, envelopes: Sequence[Envelope], seconds: float = 20) -> list[Receipt]:
    receipts = client.send(envelopes, begin_before=time.monotonic() + seconds)
    assert [receipt.message_id for receipt in receipts] == [envelope.message_id for envelope in envelopes]
    return receipts


def outcomes(server: SmtpServer, count: int = 5, **changes: Any) -> list[Outcome]:
    kept = client(server, **changes)
    return [receipt.outcome for receipt in send(kept, [envelope(n) for n in range(count)])]


# The plain way


@pytest.mark.parametrize("features", [ALL_FEATURES, LOCK_STEP, []], ids=["pipelining", "lock-step", "bare"])
@pytest.mark.parametrize("connections", [1, 4])
def test_every_message_arrives_once_and_whole(features: list[str], connections: int) -> None:
    with SmtpServer(features=features) as server:
        kept = client(server, connections=connections)
        for start in (0, 50):
            receipts = send(kept, [envelope(n) for n in range(start, start + 50)])
            assert {receipt.outcome for receipt in receipts} == {SENT}
    assert sorted(server.accepted) == list(range(100))
    assert server.bodies[7] == envelope(7).data
    assert server.violations == []
    assert server.connections == connections


def test_a_server_without_ehlo_is_served() -> None:
    with SmtpServer(extended=False) as server:
        assert outcomes(server) == [SENT] * 5


def test_a_pipelined_message_costs_one_round_trip() -> None:
    with SmtpServer() as server:
        assert outcomes(server, 20) == [SENT] * 20
    assert server.ahead == 19
    assert server.commands.count("DATA") == 20
    assert "RSET" not in server.commands


@pytest.mark.parametrize("body", [b".\r\n", b"..\r\n.\r\n", b"a\r\n.b\r\n", b"no line end", b"." * 3000 + b"\r\n"])
def test_dots_survive(body: bytes) -> None:
    with SmtpServer() as server:
        assert send(client(server), [envelope(0, body)])[0].outcome == SENT
    assert server.bodies[0].removesuffix(b"\r\n") == envelope(0, body).data.removesuffix(b"\r\n")


def test_a_message_that_begins_with_a_dot_survives() -> None:
    with SmtpServer() as server:
        send(client(server), [envelope(0, data=b".\r\n\r\nbody\r\n"), envelope(1)])
    assert server.accepted == [0, 1]


def test_large_messages_are_written_piece_by_piece() -> None:
    body = (b"x" * 70 + b"\r\n") * 12_000
    with SmtpServer(faults={0: Fault("BODY", delay=0.2)}) as server:
        assert outcomes(server) == [SENT] * 5
        receipts = send(client(server), [envelope(n, body) for n in range(10, 14)])
    assert {receipt.outcome for receipt in receipts} == {SENT}
    assert server.bodies[12] == envelope(12, body).data


def test_the_servers_words_are_kept() -> None:
    with SmtpServer() as server:
        assert send(client(server), [envelope(7)]) == [Receipt(7, SENT, "", "250", "2.0.0 queued as 7")]


# Refusals


@pytest.mark.parametrize("features", [ALL_FEATURES, LOCK_STEP], ids=["pipelining", "lock-step"])
@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize(
    ("reply", "outcome", "category"),
    [
        ("550 5.1.1 <p2@example.test>: user unknown", PERMANENT, Category.ADDRESS_PERMANENT),
        ("550-5.7.515 Access denied,\r\n550 5.7.515 sending domain", PERMANENT, Category.SENDER_POLICY),
        ("552 5.3.4 too large", PERMANENT, Category.MESSAGE_PERMANENT),
        ("450 4.2.2 mailbox full", TRANSIENT, Category.MAILBOX_TEMPORARY),
        ("451 4.7.1 greylisted, try again in 5 minutes", TRANSIENT, Category.TRANSIENT),
    ],
)
def test_a_refusal_is_that_messages_alone(
    features: list[str], at: str, reply: str, outcome: Outcome, category: Category
) -> None:
    with SmtpServer(features=features, faults={2: Fault(at, reply)}) as server:
        kept = client(server)
        receipts = send(kept, [envelope(n) for n in range(5)])
    assert [receipt.outcome for receipt in receipts] == [SENT, SENT, outcome, SENT, SENT]
    assert receipts[2].category == category
    assert receipts[2].code == " ".join(reply.replace("-", " ").split()[:2])
    assert "p2@" not in receipts[2].detail
    assert receipts[2].retry_after_s == (300 if "minutes" in reply else None)
    assert sorted(server.accepted) == [0, 1, 3, 4]
    assert server.violations == []
    assert server.connections == 1


def test_a_354_without_a_recipient_is_answered_by_a_lone_dot() -> None:
    faults = {1: Fault("RCPT", "550 5.1.1 user unknown")}
    with SmtpServer(faults=faults) as server:
        server.fault = _also(server, {1: Fault("DATA", "354 go on anyway")})  # type: ignore[method-assign]
        kept = client(server)
        receipts = send(kept, [envelope(n) for n in range(3)])
    assert [receipt.outcome for receipt in receipts] == [SENT, PERMANENT, SENT]
    assert receipts[1].code == "550 5.1.1"
    assert server.accepted == [0, 2]
    assert server.connections == 1


def _also(server: SmtpServer, more: dict[int, Fault]) -> Any:
    first = server.fault

    def fault(number: int, step: str) -> Fault | None:
        extra = more.get(number)
        return extra if extra and extra.at == step else first(number, step)

    return fault


def test_several_refusals_in_a_row_leave_the_connection_good() -> None:
    faults = {n: Fault("RCPT", "550 5.1.1 user unknown") for n in range(0, 20, 2)}
    with SmtpServer(faults=faults) as server:
        assert outcomes(server, 20) == [PERMANENT, SENT] * 10
    assert server.connections == 1


# Broken connections


@pytest.mark.parametrize("features", [ALL_FEATURES, LOCK_STEP], ids=["pipelining", "lock-step"])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("number", [0, 2, 4])
@pytest.mark.parametrize(
    ("fault", "outcome", "accepted"),
    [
        (Fault("MAIL", drop=True), TRANSIENT, False),
        (Fault("RCPT", drop=True), TRANSIENT, False),
        (Fault("DATA", drop=True), TRANSIENT, False),
        (Fault("BODY", drop=True), TRANSIENT, False),
        (Fault("DOT", drop=True), UNKNOWN, True),
        (Fault("DOT", "250 2.0.0 ok", drop=True), SENT, True),
        (Fault("DOT", "451 4.3.0 later", drop=True), TRANSIENT, False),
        (Fault("RCPT", "421 4.3.2 shutting down", drop=True), TRANSIENT, False),
        (Fault("DOT", "421 4.3.2 shutting down", drop=True), TRANSIENT, False),
        (Fault("DOT", "!$%&/( garbage", drop=False), UNKNOWN, False),
        (Fault("DOT", "354 what", drop=False), UNKNOWN, False),
        (Fault("RCPT", "garbage", drop=False), TRANSIENT, False),
        (Fault("DATA", "250 what", drop=False), TRANSIENT, False),
    ],
)
def test_a_broken_connection_costs_one_message_at_most(
    features: list[str], reset: bool, number: int, fault: Fault, outcome: Outcome, accepted: bool
) -> None:
    fault = Fault(fault.at, fault.reply, fault.drop, reset)
    features = [feature for feature in features if not feature.startswith("SIZE")]
    with SmtpServer(features=features, faults={number: fault}) as server:
        body = (b"x" * 70 + b"\r\n") * 300
        kept = client(server)
        receipts = send(kept, [envelope(n, HUGE if n == number and fault.at == "BODY" else body) for n in range(5)])
    if reset and outcome == SENT:  # a reset may destroy the 250 on its way to us: then nobody knows
        assert receipts[number].outcome in (SENT, UNKNOWN)
    else:
        assert receipts[number].outcome == outcome
    assert [receipt.outcome for n, receipt in enumerate(receipts) if n != number] == [SENT] * 4
    assert sorted(server.accepted) == [n for n in range(5) if n != number or accepted]


def test_a_silent_server_after_the_final_dot_leaves_the_message_unknown() -> None:
    with SmtpServer(faults={1: Fault("DOT", delay=30)}) as server:
        assert outcomes(server, reply_timeout=0.2) == [SENT, UNKNOWN, SENT, SENT, SENT]


def test_a_silent_server_before_the_body_leaves_the_message_for_later() -> None:
    with SmtpServer(faults={1: Fault("RCPT", delay=30)}) as server:
        receipts = outcomes(server, command_timeout=0.2, data_timeout=0.2)
    assert receipts == [SENT, TRANSIENT, SENT, SENT, SENT]


def test_a_slow_server_is_waited_for() -> None:
    with SmtpServer(faults={n: Fault("DOT", delay=0.05) for n in range(5)}) as server:
        assert outcomes(server) == [SENT] * 5


def test_a_connection_closed_while_idle_is_opened_again_unseen() -> None:
    with SmtpServer() as server:
        kept = client(server)
        for start in (0, 5, 10):
            assert {receipt.outcome for receipt in send(kept, [envelope(n) for n in range(start, start + 5)])} == {SENT}
            server.hang_up()
    assert sorted(server.accepted) == list(range(15))
    assert server.connections == 3


@pytest.mark.parametrize("farewell", ["421 4.7.0 enough", ""])
@pytest.mark.parametrize("features", [ALL_FEATURES, LOCK_STEP], ids=["pipelining", "lock-step"])
def test_a_servers_limit_of_messages_costs_nothing(features: list[str], farewell: str) -> None:
    with SmtpServer(features=features, messages_per_connection=3, farewell=farewell) as server:
        assert outcomes(server, 20, connections=2) == [SENT] * 20
    assert sorted(server.accepted) == list(range(20))


def test_our_own_limit_of_messages_is_kept() -> None:
    with SmtpServer() as server:
        assert outcomes(server, 20, messages_per_connection=5) == [SENT] * 20
    assert server.connections == 4
    assert server.commands.count("QUIT") >= 3


def test_a_connection_idle_for_too_long_is_not_trusted() -> None:
    with SmtpServer() as server:
        kept = client(server, idle_limit=0.05)
        send(kept, [envelope(0)])
        time.sleep(0.1)
        assert send(kept, [envelope(1)])[0].outcome == SENT
    assert server.connections == 2


def test_a_farewell_while_idle_is_heeded() -> None:
    with SmtpServer() as server:
        kept = client(server)
        send(kept, [envelope(0)])
        server.say_unasked("421 4.4.2 timeout exceeded")
        assert send(kept, [envelope(1)])[0].outcome == SENT
    assert server.connections == 2


def test_a_server_that_does_not_forget_a_refused_message_is_left() -> None:
    class Stubborn(SmtpServer):
        def fault(self, number: int, step: str) -> Fault | None:
            return Fault("RSET", "500 5.5.1 no") if step == "RSET" else super().fault(number, step)

    with Stubborn(faults={0: Fault("RCPT", "550 5.1.1 user unknown")}) as server:
        assert outcomes(server) == [PERMANENT, SENT, SENT, SENT, SENT]
    assert server.connections == 2


def test_a_server_that_always_breaks_off_is_left_alone_soon() -> None:
    with SmtpServer(faults={n: Fault("DOT", drop=True) for n in range(50)}) as server:
        found = outcomes(server, 50)
    assert found.count(UNKNOWN) <= 4
    assert found.count(UNKNOWN) + found.count(NOT_BEGUN) == 50


REPLIES = ["250 ok", "354 go", "421 4.3.2 bye", "450 later", "550 5.1.1 user unknown", "garbage"]
STEPS = st.sampled_from(["MAIL", "RCPT", "DATA", "DOT"])
FAULTS = (
    st.builds(Fault, STEPS, st.sampled_from(REPLIES), drop=st.booleans(), reset=st.booleans(), times=st.integers(1, 2))
    | st.builds(Fault, STEPS, drop=st.just(True), reset=st.booleans(), times=st.integers(1, 2))
    | st.builds(Fault, st.just("BODY"), st.sampled_from(REPLIES[1:]), drop=st.just(True), reset=st.booleans())
)


@settings(max_examples=60, deadline=None)
@given(
    faults=st.dictionaries(st.integers(0, 19), FAULTS, max_size=6),
    pipelining=st.booleans(),
    connections=st.integers(1, 3),
    limit=st.sampled_from([3, 1000]),
)
def test_whatever_happens_the_receipts_are_true(
    faults: dict[int, Fault], pipelining: bool, connections: int, limit: int
) -> None:
    features = ["PIPELINING"] if pipelining else []
    with SmtpServer(faults=faults, features=features, messages_per_connection=limit) as server:
        kept = client(server, connections=connections)
        receipts = [r for start in (0, 10) for r in send(kept, [envelope(n) for n in range(start, start + 10)])]
        kept.close()
        found = {outcome: {r.message_id for r in receipts if r.outcome == outcome} for outcome in Outcome}
    assert len(server.accepted) == len(set(server.accepted))
    assert found[SENT] <= set(server.accepted) <= found[SENT] | found[UNKNOWN]
    assert found[UNKNOWN] | found[TRANSIENT] | found[PERMANENT] <= faults.keys()
    assert server.violations == []


# Not begun


def test_nothing_is_begun_after_the_deadline() -> None:
    with SmtpServer() as server:
        receipts = send(client(server), [envelope(n) for n in range(3)], seconds=-1)
    assert [receipt.outcome for receipt in receipts] == [NOT_BEGUN] * 3
    assert server.accepted == []


def test_the_deadline_ends_a_batch_in_the_middle() -> None:
    with SmtpServer(faults={n: Fault("DOT", delay=0.1) for n in range(50)}) as server:
        kept = client(server)
        receipts = send(kept, [envelope(n) for n in range(50)], seconds=0.45)
        found = [receipt.outcome for receipt in receipts]
        sent = found.count(SENT)
        assert found == [SENT] * sent + [NOT_BEGUN] * (50 - sent)
        assert 1 <= sent <= 6
        assert send(kept, [envelope(60)])[0].outcome == SENT
    assert sorted(server.accepted) == [*range(sent), 60]


def test_no_body_is_begun_when_the_354_comes_after_the_deadline() -> None:
    with SmtpServer(faults={0: Fault("DATA", delay=0.3)}) as server:
        assert send(client(server), [envelope(0)], seconds=0.2)[0].outcome == NOT_BEGUN
    assert server.accepted == []


def test_a_server_that_is_down_begins_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    down = Client(Config("127.0.0.1", port))
    with caplog.at_level(logging.WARNING):
        receipts = send(down, [envelope(n) for n in range(3)])
    assert [receipt.outcome for receipt in receipts] == [NOT_BEGUN] * 3
    assert receipts[0].detail == f"cannot connect to 127.0.0.1:{port}: Connection refused"
    assert "Connection refused" in caplog.text


@pytest.mark.parametrize(
    ("greeting", "code", "words"),
    [
        (Fault("CONNECT", "554 5.7.1 your host is on our block list", drop=True), "554", "block list"),
        (Fault("CONNECT", "421 4.3.2 too busy", drop=True), "421", "too busy"),
        (Fault("CONNECT", "SSH-2.0-OpenSSH", drop=True), "", "did not speak SMTP"),
        (Fault("CONNECT", drop=True), "", "closed the connection"),
        (Fault("CONNECT", delay=2), "", "timed out"),
        (Fault("CONNECT", "220 welcome\r\n250 and more"), "", "not asked"),
    ],
)
def test_a_server_that_does_not_welcome_us_begins_nothing(greeting: Fault, code: str, words: str) -> None:
    with SmtpServer(greeting=greeting) as server:
        receipts = send(client(server, command_timeout=0.3), [envelope(0)])
    assert (receipts[0].outcome, receipts[0].code) == (NOT_BEGUN, code)
    assert words in receipts[0].detail


def test_one_refused_connection_does_not_stop_the_others() -> None:
    with SmtpServer(faults={n: Fault("DOT", delay=0.02) for n in range(20)}) as server:
        kept = client(server, connections=2)
        send(kept, [envelope(90)])
        server.greeting = Fault("CONNECT", "421 4.7.0 too many connections", drop=True)
        assert {receipt.outcome for receipt in send(kept, [envelope(n) for n in range(20)])} == {SENT}


# What this server cannot take


@pytest.mark.parametrize(
    ("features", "changes", "code"),
    [
        (["SIZE 30", "PIPELINING"], {}, "552 5.3.4"),
        (["PIPELINING"], {"rcpt_to": "añá@example.test"}, "553 5.6.7"),
        (["PIPELINING"], {"data": "Subject: é\r\n\r\n".encode()}, "554 5.6.3"),
        (ALL_FEATURES, {"rcpt_to": "a@b.test>\r\nRCPT TO:<eve@evil.test"}, "553 5.6.0"),
        (ALL_FEATURES, {"mail_from": "a b@b.test"}, "553 5.6.0"),
        (ALL_FEATURES, {"rcpt_to": ""}, "553 5.6.0"),
    ],
)
def test_what_the_server_cannot_take_is_not_even_tried(features: list[str], changes: Any, code: str) -> None:
    with SmtpServer(features=features) as server:
        kept = client(server)
        receipts = send(kept, [envelope(0, **changes), envelope(1, data=b"\r\n")])
    assert receipts[0].outcome == PERMANENT
    assert receipts[0].category == Category.MESSAGE_PERMANENT
    assert receipts[0].code == code
    assert receipts[1].outcome == SENT
    assert server.accepted == [1]


def test_what_needs_an_extension_names_it() -> None:
    with SmtpServer() as server:
        kept = client(server)
        send(kept, [envelope(0, rcpt_to="p0@é.example", data=b"\r\n"), envelope(1, data="\r\né\r\n".encode())])
    assert "MAIL FROM:<b+0@acme.test> SIZE=2 SMTPUTF8" in server.commands
    assert "MAIL FROM:<b+1@acme.test> SIZE=6 BODY=8BITMIME" in server.commands


# Who we talk to


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder: Path = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    return str(folder / "cert.pem"), str(folder / "key.pem")


@pytest.fixture(params=["starttls", "tls"])
def tls_server(request: pytest.FixtureRequest, certificate: tuple[str, str]) -> Iterator[tuple[SmtpServer, str]]:
    with SmtpServer(certificate=certificate, implicit_tls=request.param == "tls", password="s3cret") as server:
        yield server, request.param


def test_tls_with_a_trusted_certificate(tls_server: tuple[SmtpServer, str], certificate: tuple[str, str]) -> None:
    server, security = tls_server
    body = (b"x" * 70 + b"\r\n") * 3000
    kept = client(
        server,
        host="localhost",
        security=security,
        ca_file=certificate[0],
        username="u",
        password="s3cret",
        connections=2,
    )
    for start in (0, 10):
        receipts = send(kept, [envelope(n, body) for n in range(start, start + 10)])
        assert {receipt.outcome for receipt in receipts} == {SENT}
    assert server.bodies[9] == envelope(9, body).data
    assert server.violations == []


def test_a_self_signed_certificate_is_refused_unless_allowed(tls_server: tuple[SmtpServer, str]) -> None:
    server, security = tls_server
    refused = send(client(server, host="localhost", security=security), [envelope(0)])[0]
    assert refused.outcome == NOT_BEGUN
    assert "certificate is not trusted" in refused.detail
    allowed = client(server, host="localhost", security=security, verify_tls=False)
    assert send(allowed, [envelope(0)])[0].outcome == SENT
    allowed.close()


@pytest.mark.parametrize("at", ["BODY", "DOT"])
def test_a_break_under_tls_is_told_by_the_same_rule(certificate: tuple[str, str], at: str) -> None:
    faults = {1: Fault(at, drop=True, reset=True)}
    with SmtpServer(features=["PIPELINING"], certificate=certificate, implicit_tls=True, faults=faults) as server:
        kept = client(server, host="localhost", security="tls", verify_tls=False)
        receipts = send(kept, [envelope(0), envelope(1, HUGE if at == "BODY" else b"x\r\n"), envelope(2)])
    assert [receipt.outcome for receipt in receipts] == [SENT, UNKNOWN if at == "DOT" else TRANSIENT, SENT]


def test_what_is_said_before_the_line_is_secure_is_not_believed(certificate: tuple[str, str]) -> None:
    with SmtpServer(certificate=certificate) as server:
        server.starttls_reply = "220 go ahead\r\n250-AUTH"
        receipt = send(client(server, security="starttls", verify_tls=False), [envelope(0)])[0]
    assert receipt.outcome == NOT_BEGUN
    assert "before the line was secure" in receipt.detail


def test_starttls_is_required_when_asked_for() -> None:
    with SmtpServer() as server:
        receipt = send(client(server, security="starttls"), [envelope(0)])[0]
    assert receipt.outcome == NOT_BEGUN
    assert "does not offer STARTTLS" in receipt.detail


@pytest.mark.parametrize("features", [ALL_FEATURES, [*ALL_FEATURES, "NOPLAIN"]], ids=["plain", "login"])
def test_signing_in(features: list[str]) -> None:
    with SmtpServer(features=features, password="s3cret") as server:
        assert send(client(server, username="u", password="s3cret"), [envelope(0)])[0].outcome == SENT
        wrong = send(client(server, username="u", password="no"), [envelope(1)])[0]
    assert (wrong.outcome, wrong.code) == (NOT_BEGUN, "535")
    assert server.accepted == [0]
    assert "no such user" in wrong.detail


def test_a_server_without_passwords_cannot_be_signed_in_to() -> None:
    with SmtpServer() as server:
        receipt = send(client(server, username="u", password="s3cret"), [envelope(0)])[0]
    assert receipt.outcome == NOT_BEGUN
    assert "AUTH" in receipt.detail


def test_a_password_is_not_sent_over_an_open_line() -> None:
    with pytest.raises(ValueError, match="starttls"):
        Config("mail.example.test", username="u", password="s3cret")
    assert "s3cret" not in repr(Config("127.0.0.1", username="u", password="s3cret"))


@pytest.mark.parametrize("changes", [{"security": "ssl"}, {"port": 0}, {"connections": 0}])
def test_a_nonsensical_setting_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is "):
        Config("127.0.0.1", **changes)


# Around it


def test_a_signal_in_the_middle_leaves_no_half_open_dialogue(monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer(faults={0: Fault("DOT", delay=0.1)}) as server:
        kept = client(server)

        def interrupt() -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(kept, "_wait", interrupt)
            with pytest.raises(KeyboardInterrupt):
                send(kept, [envelope(0)])
        assert send(kept, [envelope(1)])[0].outcome == SENT
    assert server.accepted == [1]


def test_closing_twice_is_safe() -> None:
    with SmtpServer() as server:
        kept = client(server)
        send(kept, [envelope(0)])
        kept.close()
        kept.close()


def test_an_empty_batch_opens_nothing() -> None:
    with SmtpServer() as server:
        assert send(client(server), []) == []
    assert server.connections == 0


def test_replies_are_read_in_any_pieces() -> None:
    raw = b"250-first\r\n250 second\r\n354 go\r\n250\r\n"
    for size in range(1, len(raw) + 1):
        reader = ReplyReader()
        found = [reply for start in range(0, len(raw), size) for reply in reader.feed(raw[start : start + size])]
        assert [(reply.code, reply.text) for reply in found] == [(250, "first\r\nsecond"), (354, "go"), (250, "")]
        assert reader.empty


@pytest.mark.parametrize(
    "raw", [b"hello\r\n", b"25 x\r\n", b"999 x\r\n", b"x" * 9000, b"250-x\r\n" * 300, b"\xff\xfe\n"]
)
def test_what_is_no_reply_breaks_the_connection(raw: bytes) -> None:
    with pytest.raises(Broken):
        list(ReplyReader().feed(raw))


def test_certificates_are_checked_by_default() -> None:
    kept = Client(Config("localhost", security="tls"))
    assert kept._context
    assert kept._context.verify_mode == ssl.CERT_REQUIRED
    assert kept._context.check_hostname
