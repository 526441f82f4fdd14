"""Who we talk to: a server that is down or does not welcome us, TLS, signing in."""

import logging
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from delivery.smtp import Client, Config
from tests.support.smtp_client import (
    HUGE,
    NOT_BEGUN,
    SENT,
    TRANSIENT,
    UNKNOWN,
    client,
    envelope,
    send,
)
from tests.support.smtp_server import ALL_FEATURES, Fault, SmtpServer


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
        receipts = send(client(server, command_timeout=1), [envelope(0)])
    assert (receipts[0].outcome, receipts[0].code) == (NOT_BEGUN, code)
    assert words in receipts[0].detail


def test_one_refused_connection_does_not_stop_the_others() -> None:
    with SmtpServer(faults={n: Fault("DOT", delay=0.02) for n in range(20)}) as server:
        kept = client(server, connections=2)
        send(kept, [envelope(90)])
        server.greeting = Fault("CONNECT", "421 4.7.0 too many connections", drop=True)
        assert {receipt.outcome for receipt in send(kept, [envelope(n) for n in range(20)])} == {SENT}


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


def test_certificates_are_checked_by_default() -> None:
    kept = Client(Config("localhost", security="tls"))
    assert kept._context
    assert kept._context.verify_mode == ssl.CERT_REQUIRED
    assert kept._context.check_hostname
