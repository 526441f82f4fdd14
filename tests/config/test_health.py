"""What machines that watch are told."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import Settings
from redis import Redis

from config.celery import HEARTBEAT_KEY
from delivery.services.orders import plan_messages
from tests.factories.delivery import make_order, make_people, plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def beating(settings: Settings) -> None:
    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.set(HEARTBEAT_KEY, datetime.now(UTC).isoformat())


def test_alive_means_that_the_process_answers(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert client.get("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405


def test_ready_when_everything_works(client: Client, beating: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "redis": "ok", "heartbeat": "ok", "queues": "ok"}


def test_a_redis_that_is_away_is_named(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "ok"
    assert answer.json()["redis"] == "ConnectionError"


@pytest.mark.parametrize("age_s", [None, 120])
def test_a_silent_beat_is_named(client: Client, settings: Settings, age_s: int | None) -> None:
    if age_s:
        with Redis.from_url(settings.REDIS_URL) as redis:
            redis.set(HEARTBEAT_KEY, (datetime.now(UTC) - timedelta(seconds=age_s)).isoformat())
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "heartbeat" in answer.json()["heartbeat"]


def test_a_lane_that_does_not_move_is_named(client: Client, beating: None) -> None:
    ids = [person.pk for person in make_people(2)]
    plan_messages(make_order(), ids, due_at=datetime.now(UTC) - timedelta(hours=1))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "bulk" in answer.json()["queues"]


def test_figures_are_for_those_who_have_the_token_or_work_here(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "t" * 20
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": f"Bearer {'t' * 20}"}).status_code == 200
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    client.force_login(get_user_model().objects.create_user("ann"))
    assert client.get("/metrics").status_code == 404


def test_figures_name_lanes_and_no_people(client: Client, beating: None) -> None:
    plan(make_order(), make_people(3))
    client.force_login(get_user_model().objects.create_user("tess", is_staff=True))
    text = client.get("/metrics").content.decode()
    assert 'postrider_queue_messages{lane="bulk"} 3.0' in text
    assert 'postrider_queue_messages{lane="triggered"} 0.0' in text
    assert "postrider_heartbeat_age_seconds" in text
    assert "@" not in text
