"""Shared blocks: a piece that many templates use, its versions, and how a new one gets to them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import NotFound
from config.pages.filters import Words
from config.pages.forms import FormPage
from config.pages.lists import Column, Empty, ListPage
from config.pages.views import Action, Page, find
from templates import diffing, selectors, services
from templates.forms import BlockPageForm, NewBlockForm
from templates.models import SharedBlock

_NEW = Action(gettext_lazy("New shared block"), reverse_lazy("content:block-new"), "templates:write")
_CRUMBS = ((gettext_lazy("Shared blocks"), reverse_lazy("content:blocks")),)


class Blocks(ListPage):
    """All shared blocks in use."""

    needs = {"GET": "templates:read"}
    name, kind = "blocks", "block"
    noun = (gettext_lazy("shared block"), gettext_lazy("shared blocks"))
    title = gettext_lazy("Shared blocks")
    sentence = gettext_lazy("A footer, a header: written once, used by many templates.")
    primary = _NEW
    columns = (
        Column("name", gettext_lazy("Name"), sort="name", under=lambda row: f"{{% render '{row.name}' %}}"),
        Column(
            "version", gettext_lazy("Version"), lambda row: row.current.number if row.current else None, kind="number"
        ),
        Column("updated_at", gettext_lazy("Changed"), kind="ago", sort="updated_at"),
    )
    filters = (Words("q", gettext_lazy("Name"), lambda rows, words: rows.filter(name__icontains=words)),)
    default_sort = "name"
    empty = Empty(
        gettext_lazy("No shared blocks yet"),
        gettext_lazy("Write the footer once, and bring it into each template with {% render 'footer' %}."),
        _NEW, icon="blocks",
    )  # fmt: skip

    def rows(self) -> QuerySet[SharedBlock]:
        return SharedBlock.objects.filter(archived_at=None).select_related("current")

    def url_of(self, row: SharedBlock) -> str:
        return _url(row)


class NewBlock(FormPage):
    """A name and a first version."""

    needs = {"GET": "templates:write", "POST": "templates:write"}
    form_class = NewBlockForm
    title = gettext_lazy("New shared block")
    crumbs = _CRUMBS

    def save(self, form: Any) -> HttpResponse:
        given = form.cleaned_data
        block = services.create_block(name=given["name"], source=given["source"], by=_author(self.request))
        audit(self.request, "block_created", "block", block.pk, {"name": [None, block.name]})
        return self.done(_("%(name)s can be used now.") % {"name": block}, _url(block))


class Block(FormPage):
    """One block: its source, who uses it, its versions."""

    needs = {"GET": "templates:read", "POST": "templates:write"}
    template_name = "templates/block.html"
    form_class = BlockPageForm
    crumbs = _CRUMBS

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self._block: SharedBlock | None = None

    @property
    def block(self) -> SharedBlock:
        if self._block is None:
            self._block = find(SharedBlock.objects.select_related("current"), "block", self.kwargs["public_id"])
            self.title = self._block.name
        return self._block

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {"source": self.block.current.source if self.block.current else "", "base": self._number}}

    @property
    def _number(self) -> int:
        return self.block.current.number if self.block.current else 0

    def save(self, form: Any) -> HttpResponse:
        given = form.cleaned_data
        if given["base"] != self._number:
            said = _(
                "Version %(n)d was saved meanwhile. Nothing is overwritten: look at it, then save yours as the next."
            )
            form.add_error(None, said % {"n": self._number})
            form.data = form.data | {"base": self._number}
            return self.show(form, status=409)
        made = services.save_block(self.block, source=given["source"], note=given["note"], by=_author(self.request))
        audit(self.request, "block_saved", "block", self.block.pk, {"version": made.number})
        stale = len(selectors.stale_templates(find(SharedBlock.objects.select_related("current"), "block",
                                                   self.kwargs["public_id"])))  # fmt: skip
        said = ngettext(
            "Version %(v)d is saved. %(n)d template keeps the one before until it is refreshed.",
            "Version %(v)d is saved. %(n)d templates keep the one before until they are refreshed.",
            stale,
        )
        return self.done(said % {"v": made.number, "n": stale}, _url(self.block))

    def show(self, form: Any, status: int = 200) -> HttpResponse:
        block = self.block
        uses = list(selectors.templates_with(block))
        versions = list(block.versions.select_related("created_by").order_by("-number")[:50])
        asked = self.request.GET.get("version", "")
        old = next((one for one in versions if str(one.number) == asked), None)
        rows = list(diffing.side_by_side(old.source, block.current.source)) if old and block.current else []
        return self.render(
            status=status, form=form, shared=block, versions=versions, old=old, rows=rows,
            tag=f"{{% render '{block.name}' %}}",
            writes=self.may("templates:write"),
            uses=[(one, one.current.block_versions[block.name] if one.current else 0,
                   reverse("content:template", args=[public_ids.encode("template", one.pk)])) for one in uses],
            stale=sum(1 for one in uses if one.current and one.current.block_versions[block.name] != self._number),
        )  # fmt: skip


class ChangeBlock(Page):
    """Hand the current version on to all templates, go back to an old one, or put the block away."""

    needs = {"POST": "templates:write"}

    def post(self, request: HttpRequest, public_id: str, what: str) -> HttpResponse:
        block = find(SharedBlock.objects.select_related("current"), "block", public_id)
        if what == "refresh":
            return self._refresh(block)
        if what == "archive":
            with transaction.atomic():
                services.archive(block)
                audit(request, "block_archived", "block", block.pk)
            return self.done(_("%(name)s is archived. Templates keep what they have of it.") % {"name": block},
                             reverse("content:blocks"))  # fmt: skip
        if what != "roll-back" or not (given := request.POST.get("number", "")).isdecimal():
            raise NotFound
        number = min(int(given), 2**31 - 1)
        made = services.roll_back_block(block, number, by=_author(request))
        audit(request, "block_rolled_back", "block", block.pk, {"to": number, "version": made.number})
        said = _("Version %(new)d has the source of version %(old)d.") % {"new": made.number, "old": number}
        return self.done(said, _url(block))

    def _refresh(self, block: SharedBlock) -> HttpResponse:
        done = services.refresh_templates(block, by=_author(self.request))
        audit(self.request, "block_refreshed", "block", block.pk, {"templates": len(done.done)})
        if done.failed:
            names = ", ".join(f"{template} ({why})" for template, why in done.failed[:3])
            messages.error(
                self.request, _("%(n)d could not take it: %(names)s") % {"n": len(done.failed), "names": names}
            )
            return redirect(_url(block))
        n = len(done.done)
        return self.done(
            ngettext("%(n)d template has it now.", "%(n)d templates have it now.", n) % {"n": n}, _url(block)
        )


def _url(block: SharedBlock) -> str:
    return reverse("content:block", args=[public_ids.encode("block", block.pk)])


def _author(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
