"""Providers: chosen by kind, configured from a row, and all of one contract."""

import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from config.lib.errors import Invalid
from config.lib.registry import Registry
from delivery import providers, sink
from delivery.providers import for_account
from delivery.providers.base import Envelope, Outcome, Provider
from delivery.providers.smtp import Smtp
from delivery.smtp import Config
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import PATIENCE_S


def pointers(invalid: Invalid) -> dict[str, str]:
    return {error.pointer: error.code for error in invalid.errors}


def test_a_row_becomes_a_provider_with_its_secret() -> None:
    with SmtpServer(password="s3cret") as server:
        provider = for_account("smtp", {"host": "127.0.0.1", "port": server.port, "username": "u"}, "s3cret")
        envelope = Envelope(1, "b+1@acme.test", "p1@example.test", b"Subject: x\r\n\r\nx\r\n")
        receipts = provider.send([envelope], begin_before=time.monotonic() + PATIENCE_S)
        provider.close()
    assert isinstance(provider, Smtp)
    assert [receipt.outcome for receipt in receipts] == [Outcome.SENT]


@pytest.mark.parametrize(
    ("config", "wrong"),
    [
        ({}, {"/config/host": "required"}),
        ({"host": "h", "prot": 25}, {"/config/prot": "unknown"}),
        ({"host": "h", "port": "25"}, {"/config/port": "type"}),
        ({"host": "h", "port": True}, {"/config/port": "type"}),
        ({"host": "h", "verify_tls": "no"}, {"/config/verify_tls": "type"}),
        ({"host": "h", "reply_timeout": "1"}, {"/config/reply_timeout": "type"}),
        ({"host": 1, "nonsense": 1}, {"/config/host": "type", "/config/nonsense": "unknown"}),
        ({"host": "h", "security": "ssl"}, {"/config": "invalid"}),
        ({"host": "h", "username": "u"}, {"/config": "invalid"}),
    ],
)
def test_a_wrong_setting_is_named(config: dict[str, Any], wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid) as raised:
        for_account("smtp", config)
    assert pointers(raised.value) == wrong


def test_whole_numbers_serve_as_seconds() -> None:
    for_account("smtp", {"host": "h", "reply_timeout": 5}).close()


def test_an_unknown_kind_is_named_with_the_known_ones() -> None:
    with pytest.raises(Invalid, match="smtp"):
        for_account("pigeon", {})


def test_every_provider_keeps_to_the_contract() -> None:
    for provider in providers.PROVIDERS:
        assert provider.kind == provider.kind.lower()
        assert len([field for field in fields(provider.Config) if field.metadata.get("secret")]) <= 1


def test_a_provider_without_a_kind_stops_the_start(settings: Settings) -> None:
    settings.PROVIDERS = ["delivery.providers.base.Provider"]
    with pytest.raises(ImproperlyConfigured, match="not a Provider with a kind"):
        Registry("PROVIDERS", Provider).kinds()  # type: ignore[type-abstract]


def test_the_sink_remembers_what_it_accepted_and_accepts_twice_what_comes_twice(tmp_path: Path) -> None:
    with sink.running(tmp_path / "record", delay_ms=1) as running:
        provider = Smtp(Config("127.0.0.1", running.port, connections=2))
        batch = [
            Envelope(n, "b@acme.test", f"p{n}@example.test", b"Message-ID: <m%d@acme.test>\r\n\r\n.x\r\n" % n)
            for n in range(20)
        ]
        for _ in range(2):
            receipts = provider.send(batch, begin_before=time.monotonic() + PATIENCE_S)
            assert {receipt.outcome for receipt in receipts} == {Outcome.SENT}
        provider.close()
        accepted = running.accepted()
    assert len(accepted) == 40
    assert {one.message_id for one in accepted} == {f"<m{n}@acme.test>" for n in range(20)}
    assert {one.recipient for one in accepted} == {f"p{n}@example.test" for n in range(20)}


def test_a_sink_on_a_taken_port_says_so(tmp_path: Path) -> None:
    with SmtpServer() as server, pytest.raises(OSError, match="taken"), sink.running(tmp_path / "r", port=server.port):
        pass
