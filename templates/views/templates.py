"""Content: message templates, how one begins, and the editor."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import DomainError, NotFound
from config.pages.filters import Choice, Words
from config.pages.forms import FormPage
from config.pages.lists import Bulk, Column, Empty, ListPage
from config.pages.views import Action, Page, Tab, find
from segments.models import ContactList, Segment
from segments.selectors import known_fields
from templates import dialect, selectors, services
from templates.compiling.components import COMPONENTS
from templates.compiling.expanding import MAX_SOURCE
from templates.compiling.merge_tags import OURS
from templates.drafts import ContentDraft
from templates.forms import NewTemplateForm
from templates.models import MessageTemplate, TemplateContent, TemplateDraft
from templates.starters import GALLERY, Starter, starter
from templates.work import Work

_NEW = Action(gettext_lazy("New template"), reverse_lazy("content:gallery"), "templates:write")
_STATES = [("live", gettext_lazy("In use")), ("archived", gettext_lazy("Archived"))]
_BLANK = "<mjml>\n  <mj-body>\n    <mj-section>\n      <mj-column>\n        <mj-text>\n          \n        </mj-text>\n      </mj-column>\n    </mj-section>\n  </mj-body>\n</mjml>\n"  # noqa: E501


def url_of(template: MessageTemplate, page: str = "template", *more: object) -> str:
    """A page of a template."""
    return reverse(f"content:{page}", args=[public_ids.encode("template", template.pk), *more])


def tabs_of(template: MessageTemplate, here: str) -> tuple[Tab, ...]:
    """Edit and history."""
    return (
        Tab(gettext_lazy("Edit"), url_of(template), here=here == "edit"),
        Tab(gettext_lazy("History"), url_of(template, "history"), here=here == "history"),
    )


def _in_state(rows: QuerySet[MessageTemplate], value: str) -> QuerySet[MessageTemplate]:
    return rows.filter(archived_at__isnull=value != "archived")


def _name(template: MessageTemplate) -> str:
    return template.current.author if template.current else ""


class Templates(ListPage):
    """All templates, those in use first."""

    needs = {"GET": "templates:read", "POST": "templates:write"}
    name, kind = "templates", "template"
    noun = (gettext_lazy("template"), gettext_lazy("templates"))
    title = gettext_lazy("Templates")
    sentence = gettext_lazy(
        "What messages say. Each save is a version; campaigns keep the one they were launched with."
    )
    primary = _NEW
    columns = (
        Column("name", gettext_lazy("Name"), sort="name", under=lambda row: row.subject or ""),
        Column(
            "version", gettext_lazy("Version"), lambda row: row.current.number if row.current else None, kind="number"
        ),
        Column("updated_at", gettext_lazy("Changed"), kind="ago", sort="updated_at"),
        Column("author", gettext_lazy("By"), _name),
        Column("draft", gettext_lazy("Your draft"), lambda row: row.draft_at, kind="ago"),
        Column("created_at", gettext_lazy("Made"), kind="ago", sort="created_at", shown=False),
    )
    filters = (
        Words("q", gettext_lazy("Name"), lambda rows, words: rows.filter(name__icontains=words)),
        Choice("state", gettext_lazy("State"), _STATES, _in_state),
    )
    default_sort = "-updated_at"
    bulk = (
        Bulk("archive", gettext_lazy("Archive"), "templates:write",
             gettext_lazy("They are not offered to campaigns any more. What was sent stays as it is.")),
        Bulk("restore", gettext_lazy("Offer again"), "templates:write"),
    )  # fmt: skip
    empty = Empty(
        gettext_lazy("No templates yet"),
        gettext_lazy("Begin with one of eight that look right everywhere, and make it yours."),
        _NEW, icon="content",
    )  # fmt: skip

    def rows(self) -> QuerySet[MessageTemplate]:
        subject = TemplateContent.objects.filter(version=OuterRef("current")).order_by("pk").values("subject")[:1]
        mine = TemplateDraft.objects.filter(template=OuterRef("pk"), author_id=self.request.user.pk).values(
            "updated_at"
        )
        rows = MessageTemplate.objects.annotate(subject=Subquery(subject), draft_at=Subquery(mine))
        if "state" not in self.request.GET:
            rows = rows.filter(archived_at=None)
        return rows.select_related("current__created_by")

    def url_of(self, row: MessageTemplate) -> str:
        return url_of(row)

    def bulk_archive(self, rows: QuerySet[MessageTemplate]) -> str:
        done = self._each(rows, services.archive, "template_archived")
        return ngettext("%(n)d template is archived.", "%(n)d templates are archived.", done) % {"n": done}

    def bulk_restore(self, rows: QuerySet[MessageTemplate]) -> str:
        done = self._each(rows, services.restore, "template_restored")
        return ngettext("%(n)d template is offered again.", "%(n)d templates are offered again.", done) % {"n": done}

    def _each(self, rows: QuerySet[MessageTemplate], act: Any, action: str) -> int:
        with transaction.atomic():
            for row in (found := list(rows)):
                act(row)
                audit(self.request, action, "template", row.pk)
        return len(found)


class Gallery(Page):
    """The starters, each as it looks."""

    needs = {"GET": "templates:write"}
    template_name = "templates/gallery.html"
    title = gettext_lazy("New template")
    sentence = gettext_lazy("Begin with one that looks right on every screen, in the dark too, and make it yours.")
    crumbs = ((gettext_lazy("Templates"), reverse_lazy("content:templates")),)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(starters=GALLERY)


class NewTemplate(FormPage):
    """A name, and off to the editor."""

    needs = {"GET": "templates:write", "POST": "templates:write"}
    form_class = NewTemplateForm
    template_name = "templates/new.html"
    submit = gettext_lazy("Make the template")
    crumbs = (
        (gettext_lazy("Templates"), reverse_lazy("content:templates")),
        (gettext_lazy("New template"), reverse_lazy("content:gallery")),
    )

    @property
    def title(self) -> Any:  # type: ignore[override]
        return self.starter.name if self.starter else _("Blank template")

    @property
    def starter(self) -> Starter | None:
        return starter(self.request.GET.get("starter", ""))

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {"name": selectors.free_name(self.starter.name if self.starter else _("Untitled")),
                            "subject": self.starter.subject if self.starter else "", "language": "en"}}  # fmt: skip

    def save(self, form: Any) -> HttpResponse:
        given, by = form.cleaned_data, self.request.user
        assert isinstance(by, User)
        template = services.create_template(name=given["name"], by=by)
        draft = self.starter.draft() if self.starter else ContentDraft("en", "mjml", "", _BLANK)
        content = ContentDraft(given["language"], "mjml", given["subject"], draft.body, draft.preheader, draft.text)
        try:
            services.save_version(template, contents=[content], by=by, default_language=given["language"],
                                  note=_("From the starter %(name)s") % {"name": self.title})  # fmt: skip
        except DomainError:
            template.delete()
            raise
        audit(self.request, "template_created", "template", template.pk, {"name": [None, template.name]})
        purpose = f"?purpose={self.starter.purpose}" if self.starter else ""
        return redirect(url_of(template) + purpose)


class Editor(Page):
    """Sources beside what they become."""

    needs = {"GET": "templates:read"}
    template_name = "templates/editor.html"
    crumbs = ((gettext_lazy("Templates"), reverse_lazy("content:templates")),)

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        template = find(MessageTemplate.objects.select_related("current__created_by"), "template", public_id)
        self.title, self.tabs = template.name, tabs_of(template, "edit")
        self.chip = ("cancelled", _("Archived")) if template.archived_at else None
        writes = self.may("templates:write")
        draft = selectors.draft_by(template, request.user.pk or 0) if writes else None
        number = template.current.number if template.current else 0
        return self.render(
            template=template, writes=writes, tests=self.may("messages:test"), draft=draft, by=_name(template),
            behind=draft is not None and draft.base != number, audiences=_audiences() if writes else [],
            config={
                "work": draft.work if draft else _work(template), "base": draft.base if draft else number,
                "revision": draft.revision if draft else 0, "writes": writes, "urls": _urls(public_id),
                "template": public_id, "number": number, "words": _vocabulary(), "longest": MAX_SOURCE,
            },
        )  # fmt: skip


def _work(template: MessageTemplate) -> dict[str, Any]:
    if template.current is None:
        return Work((ContentDraft("en", "mjml", "", _BLANK),)).json()
    now = template.current
    return Work(tuple(selectors.drafts(now)), now.default_language, now.missing_policy, now.fallbacks).json()


def _urls(public_id: str) -> dict[str, str]:
    names = ("keep", "discard", "save", "look", "lint", "mend", "trial", "history")
    urls = {name: reverse(f"content:{name}", args=[public_id]) for name in names}
    return urls | {"people": reverse("content:people"), "images": reverse("content:images")}


def _vocabulary() -> dict[str, Any]:
    """What the editor completes."""
    return {
        "fields": known_fields(),
        "ours": sorted(OURS),
        "filters": sorted(dialect.AUTHOR.filters),
        "tags": sorted(name for name in dialect.AUTHOR.tags if name.isalpha()),
        "blocks": sorted(selectors.current_blocks()),
        "components": {
            name: {"attributes": sorted(one.attributes - {"*"}), "parents": sorted(one.parents), "holds": one.holds}
            for name, one in COMPONENTS.items()
        },
    }


def _audiences() -> list[tuple[str, str]]:
    """(`segment:<id>` or `list:<id>`, name) of what a trial may be made with."""
    segments = (
        Segment.objects.filter(archived_at=None, current__isnull=False).order_by("name").values_list("pk", "name")
    )
    lists = ContactList.objects.filter(archived_at=None).order_by("name").values_list("pk", "name")
    return [
        *((f"segment:{public_ids.encode('segment', pk)}", name) for pk, name in segments[:200]),
        *((f"list:{public_ids.encode('list', pk)}", name) for pk, name in lists[:200]),
    ]


class Put(Page):
    """Archive a template, or offer it again."""

    needs = {"POST": "templates:write"}

    def post(self, request: HttpRequest, public_id: str, what: str) -> HttpResponse:
        if what not in ("archive", "restore"):
            raise NotFound
        template = find(MessageTemplate.objects.all(), "template", public_id)
        with transaction.atomic():
            (services.archive if what == "archive" else services.restore)(template)
            audit(request, f"template_{what}d", "template", template.pk)
        if what == "archive":
            back = url_of(template, "put", "restore")
            return self.done(_("%(name)s is archived.") % {"name": template}, reverse("content:templates"), undo=back)
        return self.done(_("%(name)s is offered again.") % {"name": template}, url_of(template))
