"""Imports for operators: upload, map the columns, look at the dry run, run, fetch what was not imported."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from config.lib import public_ids
from config.lib.errors import DomainError, Invalid
from segments.cleaning import FIELDS, TYPES
from segments.exporting import csv_lines
from segments.importing.mapping import attribute_name
from segments.models import ContactList, Import
from segments.selectors.imports import (
    in_order,
    problem_header,
    problem_lines,
    problems,
    progress,
    registered_attributes,
    samples,
)
from segments.services.imports import prepare, receive, start


class UploadForm(forms.Form):
    file = forms.FileField(help_text="CSV with a line of column names")
    encoding = forms.CharField(required=False, help_text="Blank: found out")
    delimiter = forms.CharField(required=False, max_length=1, strip=False, help_text="Blank: found out")


class MappingForm(forms.Form):
    """A choice for each column, and how existing people are treated."""

    def __init__(self, import_: Import, attributes: dict[str, str], data: Any = None) -> None:
        super().__init__(data)
        self.columns = import_.columns
        for number, column in enumerate(self.columns):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=column,
                choices=_targets(column, attributes),
                initial=import_.mapping.get(column, ""),
                required=False,
            )
        self.fields["update_policy"] = forms.ChoiceField(
            choices=Import.UpdatePolicy.choices, initial=import_.update_policy, label="People we know already"
        )
        self.fields["default_region"] = forms.CharField(
            required=False, initial=import_.default_region, label="Country of phone numbers without +"
        )
        self.fields["to_list"] = forms.ModelChoiceField(
            ContactList.objects.filter(archived_at=None), required=False, initial=import_.list, label="Put on the list"
        )

    def mapping(self) -> dict[str, str]:
        return {column: self.cleaned_data[f"column_{number}"] for number, column in enumerate(self.columns)}

    def rows(self, samples_: dict[str, list[str]]) -> list[tuple[forms.BoundField, list[str]]]:
        return [(self[f"column_{number}"], samples_[column]) for number, column in enumerate(self.columns)]

    def options(self) -> list[forms.BoundField]:
        return [self[name] for name in ("update_policy", "default_region", "to_list")]


def _targets(column: str, attributes: dict[str, str]) -> list[tuple[str, Any]]:
    name = attribute_name(column)
    known = [(f"attribute:{one}:{type_}", f"{one} ({type_})") for one, type_ in sorted(attributes.items())]
    new = [(f"attribute:{name}:{type_}", f"{name} ({type_})") for type_ in TYPES] if name not in attributes else []
    groups = {"Contact": [(field, field) for field in FIELDS], "Attribute": known, "New attribute": new if name else []}
    return [("", "leave out"), *groups.items()]


@admin.register(Import)
class ImportAdmin(admin.ModelAdmin[Import]):
    list_display = ["name", "state", "done", "figures", "created_by", "created_at"]
    list_filter = ["state"]
    list_select_related = ["created_by"]
    search_fields = ["name"]
    ordering = ["-pk"]

    @admin.display(description="done")
    def done(self, import_: Import) -> str:
        return f"{progress(import_):.0%}" if import_.state in Import.AT_WORK else ""

    @admin.display(description="rows")
    def figures(self, import_: Import) -> str:
        counts = in_order(import_.results or import_.counts)
        return ", ".join(f"{number} {name}" for name, number in counts.items() if number)

    def has_delete_permission(self, request: HttpRequest, obj: Import | None = None) -> bool:
        return False  # who came with it must remain to be found

    def get_urls(self) -> list[URLPattern]:
        errors = path("<int:pk>/errors/", self.admin_site.admin_view(self.errors_view), name="segments_import_errors")
        return [errors, *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise Http404
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                import_ = receive(
                    file=given["file"].file,
                    name=given["file"].name,
                    by=request.user,  # type: ignore[arg-type]  # signed in, or the admin would not have let them in
                    encoding=given["encoding"],
                    delimiter=given["delimiter"],
                )
                return HttpResponseRedirect(_page(import_))
            except DomainError as error:
                form.add_error("file", error.detail)
        return self._answer(request, "upload", "Import people", form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        import_ = self.get_object(request, object_id)
        if import_ is None or not self.has_view_or_change_permission(request, import_):
            raise Http404
        attributes = registered_attributes()
        form = MappingForm(import_, attributes, request.POST if "check" in request.POST else None)
        if (
            request.method == "POST"
            and self.has_change_permission(request, import_)
            and self._do(request, import_, form)
        ):
            return HttpResponseRedirect(_page(import_))
        return self._answer(request, "import", str(import_), **_figures(import_), **_mapping(import_, form))

    def _do(self, request: HttpRequest, import_: Import, form: MappingForm) -> bool:
        try:
            if "run" in request.POST:
                start(import_)
                return True
            if not form.is_valid():
                return False
            options = {name: form.cleaned_data[name] for name in ("update_policy", "default_region", "to_list")}
            prepare(import_, mapping=form.mapping(), **options)
        except Invalid as error:
            for one in error.errors:
                messages.error(request, f"{one.pointer.removeprefix('/mapping').strip('/')} {one.detail}".strip())
            return False
        except DomainError as error:
            messages.error(request, error.detail)
            return False
        return True

    def _answer(self, request: HttpRequest, page: str, title: str, **context: Any) -> TemplateResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/segments/import/{page}.html", {**shared, **context})

    def errors_view(self, request: HttpRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
        """The rows that were not imported, with the reason and the original cells, as CSV."""
        import_ = self.get_object(request, str(pk))
        if import_ is None or not self.has_view_or_change_permission(request, import_):
            raise Http404
        lines = csv_lines(problem_header(import_), problem_lines(import_))
        disposition = {"Content-Disposition": f'attachment; filename="import-{pk}-errors.csv"'}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=disposition)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Import]:
        return super().get_queryset(request).select_related("list")


def _figures(import_: Import) -> dict[str, Any]:
    names = in_order({**import_.counts, **import_.results})
    return {
        "import_": import_,
        "public_id": public_ids.encode("import", import_.pk),
        "at_work": import_.state in Import.AT_WORK,
        "progress": round(100 * progress(import_)),
        "figures": [(name, import_.counts.get(name), import_.results.get(name)) for name in names],
        "problems": problems(import_)[:20],
        "people": f"{reverse('admin:segments_contact_changelist')}?import={import_.pk}" if import_.results else "",
        "can_resume": import_.state == Import.State.FAILED and bool(import_.counts),
    }


def _mapping(import_: Import, form: MappingForm) -> dict[str, Any]:
    settled = import_.state in (*Import.AT_WORK, Import.State.COMPLETED) or import_.results or not import_.file
    return {} if settled else {"form": form, "rows": form.rows(samples(import_)), "options": form.options()}


def _page(import_: Import) -> str:
    return reverse("admin:segments_import_change", args=[import_.pk])
