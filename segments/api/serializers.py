"""What the API says and takes of people, lists and segments."""

from typing import Any

from rest_framework import serializers

from config.api.fields import Body, JsonObject, ProblemField, PublicId
from segments.models import BulkJob, Import
from segments.selectors.imports import progress


class SegmentBody(Body):
    """A segment to make, or changes to one."""

    name = serializers.CharField(max_length=255)
    description = serializers.CharField(max_length=500, allow_blank=True, default="")
    criteria = JsonObject(help_text="The rule: see docs/segments.md")
    dynamic = serializers.BooleanField(default=True, help_text="Membership follows the data")


class EstimateBody(Body):
    criteria = JsonObject(help_text="The rule: see docs/segments.md")


class Estimate(serializers.Serializer):
    estimated_size = serializers.IntegerField()
    computation_time_ms = serializers.IntegerField()


class SegmentShown(serializers.Serializer):
    """A segment in a list: sizes as last counted."""

    segment_id = PublicId("segment", source="pk")
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    dynamic = serializers.BooleanField()
    frozen_at = serializers.DateTimeField(allow_null=True, help_text="Since when it is its members and not its rule")
    version = serializers.IntegerField(source="current.number")
    size = serializers.IntegerField(allow_null=True)
    sized_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    last_updated = serializers.DateTimeField(source="updated_at")
    archived_at = serializers.DateTimeField(allow_null=True)


class SegmentDetail(SegmentShown):
    """A segment with its rule. What takes longer than 250 ms to count is null: ask `estimate_url` then."""

    criteria = JsonObject(source="current.criteria")
    estimated_size = serializers.IntegerField(source="size", allow_null=True)
    estimate_url = serializers.SerializerMethodField()

    def get_estimate_url(self, segment: Any) -> str | None:
        return "/api/v1/segments/estimate" if segment.size is None else None


class ContactBody(Body):
    """A person by what one knows of them; `external_id` or `email` says who it is."""

    external_id = serializers.CharField(max_length=255, required=False, allow_null=True, allow_blank=True)
    email = serializers.CharField(max_length=320, required=False, allow_null=True, allow_blank=True)
    phone = serializers.CharField(max_length=40, required=False, allow_null=True, allow_blank=True)
    first_name = serializers.CharField(max_length=100, required=False, allow_null=True, allow_blank=True)
    last_name = serializers.CharField(max_length=100, required=False, allow_null=True, allow_blank=True)
    country = serializers.CharField(max_length=60, required=False, allow_null=True, allow_blank=True)
    language = serializers.CharField(max_length=10, required=False, allow_null=True, allow_blank=True)
    timezone = serializers.CharField(max_length=50, required=False, allow_null=True, allow_blank=True)
    attributes = serializers.DictField(
        required=False, allow_null=True, help_text="Registered traits by name; null removes one"
    )


class ContactShown(serializers.Serializer):
    contact_id = PublicId("contact", source="pk")
    external_id = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)
    first_name = serializers.CharField(allow_blank=True)
    last_name = serializers.CharField(allow_blank=True)
    country = serializers.CharField(allow_blank=True)
    language = serializers.CharField()
    timezone = serializers.CharField()
    attributes = serializers.DictField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ContactsBody(Body):
    contacts = serializers.ListField(
        child=serializers.JSONField(allow_null=True), min_length=1, help_text="Up to 1,000, each like the body of one"
    )


class BatchItem(serializers.Serializer):
    """What became of one of them, in its place."""

    outcome = serializers.ChoiceField(["new", "changed", "unchanged", "conflict", "invalid"])
    contact_id = PublicId("contact", allow_null=True)
    errors = ProblemField(many=True)


class BatchShown(serializers.Serializer):
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="By outcome")
    results = BatchItem(many=True)


class BulkJobBody(Body):
    action = serializers.CharField(help_text="list, off, out, attribute, suppress or export")
    given = serializers.DictField(
        default=dict,
        help_text="list, off: `to_list`; out: `from_segment`; attribute: `attribute`, `verb` (set, clear, add, "
        "remove), `value`; suppress: `note`; export: `format`",
    )
    contact_ids = serializers.ListField(
        child=PublicId("contact"), min_length=1, max_length=10_000, required=False, help_text="Whom"
    )
    filters = serializers.DictField(
        child=serializers.CharField(), required=False,
        help_text="Or whom: `list`, `segment`, `import` (public ids), `country`, `mail` (yes, no, none); all must hold",
    )  # fmt: skip


class BulkJobShown(serializers.Serializer):
    bulk_job_id = PublicId("bulk_job", source="pk")
    action = serializers.CharField()
    undoes = PublicId("bulk_job", source="undoes_id", allow_null=True)
    state = serializers.ChoiceField(BulkJob.State.choices)
    total = serializers.IntegerField(help_text="How many people it concerns, as far as they are chosen")
    done = serializers.IntegerField()
    changed = serializers.IntegerField()
    leads_to = serializers.CharField(allow_blank=True, help_text="The page where it is carried on")
    error = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class ListBody(Body):
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=255, allow_blank=True, default="")


class ListShown(serializers.Serializer):
    list_id = PublicId("list", source="pk")
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    is_seed = serializers.BooleanField(help_text="Its people may be sent tests")
    created_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)


class Members(Body):
    contact_ids = serializers.ListField(child=PublicId("contact"), min_length=1, max_length=10_000)


class MembersAdded(serializers.Serializer):
    added = serializers.IntegerField()


class MembersRemoved(serializers.Serializer):
    removed = serializers.IntegerField()


class CheckBody(Body):
    mapping = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        required=False,
        help_text='{header: a contact field, "attribute:<name>:<type>", or blank}; left out: as guessed',
    )
    update_policy = serializers.ChoiceField(Import.UpdatePolicy.choices, default=Import.UpdatePolicy.OVERWRITE)
    default_region = serializers.CharField(max_length=60, allow_blank=True, default="", help_text="Of national numbers")
    list_id = PublicId("list", required=False, help_text="To put its people on")


class ImportShown(serializers.Serializer):
    import_id = PublicId("import", source="pk")
    name = serializers.CharField()
    state = serializers.ChoiceField(Import.State.choices)
    columns = serializers.ListField(child=serializers.CharField(allow_blank=True))
    mapping = serializers.DictField(child=serializers.CharField(allow_blank=True))
    update_policy = serializers.ChoiceField(Import.UpdatePolicy.choices)
    list_id = PublicId("list", allow_null=True)
    progress = serializers.SerializerMethodField(help_text="Of the present state, from 0 to 1")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="What a start would do")
    results = serializers.DictField(child=serializers.IntegerField(), help_text="What it did")
    error = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_progress(self, one: Import) -> float:
        return progress(one)


class ImportProblem(serializers.Serializer):
    line = serializers.IntegerField(help_text="In the file; the header is line 1")
    outcome = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
