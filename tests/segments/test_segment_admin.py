"""Operators keep segments in the admin: each saved rule is a version, nothing is deleted."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from config.lib import public_ids
from segments.admin.segments import EVERYBODY
from segments.models import Attribute, Contact, Segment
from segments.services.segments import create_segment, save_criteria

pytestmark = pytest.mark.django_db

ANA = {"logic": "AND", "conditions": [{"field": "first_name", "operator": "equals", "value": "Ana"}]}


def post(client: Client, url: str, **fields: Any) -> Any:
    inline = {"versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0}
    return client.post(url, {**inline, **fields}, follow=True)


def act(client: Client, action: str, row: Any, page: str = "segments_segment") -> str:
    url = reverse(f"admin:{page}_changelist")
    response = client.post(url, {"action": action, "_selected_action": [row.pk]}, follow=True)
    return str(response.content.decode())


def change(segment: Segment) -> str:
    return reverse("admin:segments_segment_change", args=[segment.pk])


def test_a_segment_is_made_and_changed_by_versions(admin_client: Client) -> None:
    post(admin_client, reverse("admin:segments_segment_add"), name="S", criteria=json.dumps(EVERYBODY))
    segment = Segment.objects.get()
    assert segment.created_by
    post(admin_client, change(segment), name="T", criteria=json.dumps(ANA), dynamic="on")
    segment.refresh_from_db()
    assert segment.current
    assert (segment.name, segment.current.number, segment.current.criteria) == ("T", 2, ANA)
    assert "Contacts where first name is “Ana”." in admin_client.get(change(segment)).content.decode()


def test_a_wrong_rule_is_told_beside_its_field(admin_client: Client) -> None:
    segment = create_segment(name="S", criteria=ANA)
    wrong = {"field": "contry", "operator": "exists"}
    page = post(admin_client, change(segment), name="S", criteria=json.dumps(wrong)).content.decode()
    assert "/field &quot;contry&quot; is no field; did you mean &#x27;country&#x27;?" in page
    assert segment.versions.count() == 1


def test_a_rule_that_no_longer_works_is_shown_with_the_reason(admin_client: Client) -> None:
    attribute = Attribute.objects.create(name="spent", type="number")
    segment = create_segment(name="S", criteria={"field": "spent", "operator": "exists"})
    attribute.delete()
    assert "no longer works" in admin_client.get(change(segment)).content.decode()


def test_people_are_counted_on_request(admin_client: Client) -> None:
    Contact.objects.create(first_name="Ana")
    segment = create_segment(name="S", criteria=ANA)
    assert "S: 1 people" in act(admin_client, "measure", segment)


def test_a_segment_in_use_says_so_and_is_archived_afterwards(admin_client: Client) -> None:
    segment = create_segment(name="S", criteria=ANA)
    value = [public_ids.encode("segment", segment.pk)]
    other = create_segment(name="O", criteria={"field": "segment", "operator": "in", "value": value})
    assert "used by segment &#x27;O&#x27;" in act(admin_client, "archive", segment)
    assert "O is archived" in act(admin_client, "archive", other)
    assert "O is restored" in act(admin_client, "restore", other)


def test_an_earlier_version_is_made_current_again(admin_client: Client) -> None:
    segment = create_segment(name="S", criteria=ANA)
    save_criteria(segment, EVERYBODY)
    first = segment.versions.get(number=1)
    assert "S is at version 3" in act(admin_client, "make_current", first, "segments_segmentversion")


def test_versions_are_read_only_and_nothing_is_deleted(admin_client: Client) -> None:
    segment = create_segment(name="S", criteria=ANA)
    version = segment.versions.get()
    page = admin_client.get(reverse("admin:segments_segmentversion_change", args=[version.pk])).content.decode()
    assert "Contacts where first name is “Ana”." in page
    assert 'name="_save"' not in page
    for model, row in (("segment", segment), ("segmentversion", version)):
        assert admin_client.post(reverse(f"admin:segments_{model}_delete", args=[row.pk])).status_code == 403
