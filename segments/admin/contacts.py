"""Contacts, their attributes and lists for operators. Writing goes through the services."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from config.lib import public_ids
from config.lib.admin import LargeTableAdmin
from config.lib.errors import Invalid
from segments.exporting import csv_lines, rows
from segments.models import Attribute, Contact, ContactList, Import, ImportRow, ListMembership
from segments.resources import ContactResource
from segments.selectors.contacts import find_contacts
from segments.services.attribute_writers import note_writer
from segments.services.attributes import check_name, register_attribute
from segments.services.contacts import contact_problems, create_contact, edit_contact, set_tracking
from segments.services.lists import archive_list, restore_list

FIELDS = ["external_id", "email", "phone", "first_name", "last_name", "country", "language", "timezone", "attributes"]


class ContactForm(forms.ModelForm[Contact]):
    """Takes a person's fields as people write them; attributes are JSON by registered name."""

    phone = forms.CharField(required=False, help_text="International: +14155550100")
    country = forms.CharField(required=False, help_text="Code or name")
    language = forms.CharField(required=False, help_text="Code or name; blank is en")
    timezone = forms.CharField(required=False, help_text="IANA name; blank is UTC")

    class Meta:
        model = Contact
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = False  # blank is the default of each

    def clean(self) -> dict[str, Any]:
        given = {name: self.data.get(name, "") for name in FIELDS if name != "attributes"}
        removed = dict.fromkeys(self.instance.attributes)
        self.values = {**given, "attributes": {**removed, **(self.cleaned_data.get("attributes") or {})}}
        for problem in contact_problems(self.values, of=self.instance if self.instance.pk else None):
            field, _, rest = problem.pointer.removeprefix("/").partition("/")
            self.add_error(field or None, f"{rest} {problem.detail}".strip())
        return self.cleaned_data

    def _post_clean(self) -> None:
        """The service judges and writes, not the model."""


class CameWith(admin.SimpleListFilter):
    """Whom an import made, changed or found as they were."""

    title = "import"
    parameter_name = "import"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        recent = Import.objects.filter(state=Import.State.COMPLETED).order_by("-pk")[:20]
        return [(str(import_.pk), f"{import_} ({import_.created_at:%Y-%m-%d})") for import_ in recent]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        number = self.value() or ""
        rows = ImportRow.objects.filter(contact=OuterRef("pk"), imported_from=int(number) if number.isdigit() else 0)
        return queryset.filter(Exists(rows)) if number else queryset


class MembershipInline(admin.TabularInline[ListMembership, Contact]):
    model = ListMembership
    autocomplete_fields = ["list"]
    readonly_fields = ["added_at"]
    extra = 0


@admin.register(Contact)
class ContactAdmin(LargeTableAdmin[Contact]):
    form = ContactForm
    list_display = ["email", "external_id", "first_name", "last_name", "country", "language", "created_at"]
    list_display_links = ["email", "external_id"]
    list_filter = ["language", "cohort_on", CameWith]
    search_fields = ["email"]  # shows the box; get_search_results answers by index
    search_help_text = "An address, phone number, external id, or the beginning of a name"
    ordering = ["-pk"]
    readonly_fields = ["public_id", "email_as_given", "tracking", "cohort_on", "created_at", "updated_at"]
    fields = [*FIELDS, *readonly_fields]
    inlines = [MembershipInline]
    actions = ["export_as_csv", "track", "do_not_track"]

    @admin.display(description="id")
    def public_id(self, contact: Contact) -> str:
        return public_ids.encode("contact", contact.pk) if contact.pk else ""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        return (queryset & find_contacts(search_term), False) if search_term.strip() else (queryset, False)

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:
        if change:
            edit_contact(obj, form.values)
        else:
            obj.pk = create_contact(form.values).pk
            obj.refresh_from_db()
        note_writer(form.values.get("attributes", ()), Attribute.Writer.PERSON, str(request.user))

    @admin.action(description="Record opens and clicks", permissions=["change"])
    def track(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        set_tracking(queryset.values_list("pk", flat=True), on=True)

    @admin.action(description="Do not record opens and clicks", permissions=["change"])
    def do_not_track(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        set_tracking(queryset.values_list("pk", flat=True), on=False)

    @admin.action(description="Export as CSV, suppressed addresses marked", permissions=["view"])
    def export_as_csv(self, request: HttpRequest, queryset: QuerySet[Contact]) -> StreamingHttpResponse:
        resource = ContactResource()
        lines = csv_lines(resource.get_export_headers(), rows(queryset.order_by("pk"), resource))
        disposition = {"Content-Disposition": 'attachment; filename="contacts.csv"'}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=disposition)


class AttributeForm(forms.ModelForm[Attribute]):
    class Meta:
        model = Attribute
        fields = ["name", "type", "description"]

    def clean_name(self) -> str:
        try:
            check_name(self.cleaned_data["name"])
        except Invalid as error:
            raise forms.ValidationError(error.errors[0].detail) from None
        return str(self.cleaned_data["name"])

    def save(self, commit: bool = True) -> Attribute:
        if self.instance.pk:
            return super().save(commit)
        return register_attribute(**self.cleaned_data)

    def save_m2m(self) -> None:
        """Nothing to do."""


@admin.register(Attribute)
class AttributeAdmin(admin.ModelAdmin[Attribute]):
    """A type is for ever: values are kept in it."""

    form = AttributeForm
    list_display = ["name", "type", "description", "created_at"]
    list_filter = ["type"]
    search_fields = ["name", "description"]
    ordering = ["name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Attribute | None = None) -> list[str]:
        return ["name", "type"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Attribute | None = None) -> bool:
        return False


@admin.register(ContactList)
class ContactListAdmin(admin.ModelAdmin[ContactList]):
    list_display = ["name", "people", "public_id", "description", "created_at", "archived_at"]
    list_filter = [("archived_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "description"]
    ordering = ["name"]
    readonly_fields = ["archived_at"]
    actions = ["archive", "restore"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContactList]:
        return super().get_queryset(request).annotate(people=Count("memberships"))

    @admin.display(ordering="people")
    def people(self, obj: Any) -> int:
        return int(obj.people)

    @admin.display(description="id")
    def public_id(self, obj: ContactList) -> str:
        return public_ids.encode("list", obj.pk)

    def has_delete_permission(self, request: HttpRequest, obj: ContactList | None = None) -> bool:
        return False  # opt-outs from it must keep their meaning: archive it

    @admin.action(description="Archive", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[ContactList]) -> None:
        for one in queryset:
            archive_list(one, at=timezone.now())

    @admin.action(description="Restore", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[ContactList]) -> None:
        for one in queryset:
            restore_list(one)
