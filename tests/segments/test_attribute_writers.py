"""Who wrote an attribute last is noted without holding anybody up."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F

from segments.models import Attribute
from segments.services.attribute_writers import note_writer
from segments.services.attributes import register_attribute
from tests.conftest import CommittedDb


def test_the_same_writer_is_noted_once_a_minute_and_nobody_waits(committed_db: CommittedDb) -> None:
    row = register_attribute(name="plan", type="string")
    note_writer(["plan"], Attribute.Writer.API, "shop")
    row.refresh_from_db()
    first = row.written_at
    Attribute.objects.update(written_at=F("written_at") - timedelta(seconds=50))
    note_writer(["plan"], Attribute.Writer.API, "shop")
    row.refresh_from_db()
    assert first
    assert row.written_at
    assert row.written_at < first
    with transaction.atomic(using="owner"):
        Attribute.objects.using("owner").select_for_update().get()
        note_writer(["plan"], Attribute.Writer.PERSON, "ana")
    row.refresh_from_db()
    assert row.writer == "shop"
