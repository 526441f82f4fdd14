"""What the dashboard shows and the warnings stand on is what /metrics tells."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from config.metrics import Collector
from delivery import meters
from delivery.models import Breaker, DeadLetter, ProviderAccount
from delivery.providers.base import Outcome, Receipt

pytestmark = pytest.mark.django_db
DEPLOY = Path(settings.BASE_DIR) / "deploy"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "postrider.json"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
_SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}


def _scrape() -> str:
    registry = CollectorRegistry()
    registry.register(Collector())
    return generate_latest(registry).decode()


def _exported() -> set[str]:
    families = text_string_to_metric_families(_scrape())
    return {family.name + suffix for family in families for suffix in _SUFFIXES[family.type]}


def _expressions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "expr")
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _expressions(child)


def _named(text: str) -> set[str]:
    return set(re.findall(r"postrider_\w+", text))


def test_every_metric_of_the_dashboard_is_exported() -> None:
    named = _named("\n".join(_expressions(json.loads(DASHBOARD.read_text()))))
    assert len(named) >= 10
    assert named <= _exported()


def test_every_metric_of_the_warnings_is_exported() -> None:
    named = _named(ALERTS.read_text())
    assert len(named) >= 8
    assert named <= _exported()


def test_everything_exported_is_on_the_dashboard() -> None:
    named = {name.removesuffix("_bucket").removesuffix("_total") for name in _named(DASHBOARD.read_text())}
    assert {family.name for family in text_string_to_metric_families(_scrape())} == named


def test_the_handover_histogram_is_cumulative() -> None:
    meters.handed_over("bulk", 1, [Receipt(n, Outcome.SENT) for n in range(3)], gated=0, seconds=0.2)
    meters.handed_over("bulk", 1, [Receipt(9, Outcome.SENT)], gated=0, seconds=100)
    text = _scrape()
    assert 'postrider_handover_seconds_bucket{lane="bulk",le="0.1"} 0.0' in text
    assert 'postrider_handover_seconds_bucket{lane="bulk",le="0.25"} 3.0' in text
    assert 'postrider_handover_seconds_bucket{lane="bulk",le="+Inf"} 4.0' in text
    assert 'postrider_handover_seconds_count{lane="triggered"} 0.0' in text


def test_breakers_dead_letters_and_errors_have_their_names() -> None:
    account = ProviderAccount.objects.create(name="Relay", kind="smtp")
    Breaker.objects.create(account=account, state=Breaker.State.OPEN)
    DeadLetter.objects.create(message_id=1, order_id=1, campaign_id=1, contact_id=1, reason="poison")
    meters.handed_over("bulk", account.pk, [Receipt(1, Outcome.PERMANENT, "sender_policy")], gated=1, seconds=0)
    text = _scrape()
    assert 'postrider_breaker_open{account="Relay"} 1.0' in text
    assert 'postrider_dead_letters{reason="poison"} 1.0' in text
    assert 'postrider_provider_errors_total{account="Relay",category="sender_policy"} 1.0' in text
    assert 'postrider_sends_total{lane="bulk",verdict="gated"} 1.0' in text
