"""Audience: buyers by how lately and how often they bought, as a grid; each part a segment by one click."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.api.auditing import audit
from config.lib.errors import NotFound
from config.pages.charts import Chart, Series
from config.pages.views import Page
from segments import rfm
from segments.models import Segment
from segments.selectors import rfm as selectors
from segments.services.segments import create_segment
from segments.tasks import take_rfm_snapshot
from segments.views.segments import CRUMBS, url_of

_HISTORY = 60  # snapshots in the chart


class Rfm(Page):
    """The grid of the latest snapshot."""

    needs = {"GET": "segments:read"}
    template_name = "segments/rfm.html"
    title = gettext_lazy("RFM")
    sentence = gettext_lazy("All buyers by how lately and how often they bought, and what they spent.")
    crumbs = CRUMBS

    def get(self, request: HttpRequest) -> HttpResponse:
        snapshot = selectors.finished().first()
        if snapshot is None:
            return self.render(snapshot=None)
        squares = selectors.grid(snapshot)
        tallies = selectors.by_cell(squares)
        return self.render(
            snapshot=snapshot, squares=squares, frequencies=list(rfm.SCORES), history=_history(),
            spent=round(snapshot.money),
            cells=[(cell, tallies[cell.name], _page_of(cell)) for cell in rfm.CELLS], thresholds=_thresholds(snapshot),
        )  # fmt: skip


def _page_of(cell: rfm.Cell) -> str:
    found = selectors.segment_of(cell)
    return url_of(found) if found else ""


def _thresholds(snapshot: Any) -> list[tuple[str, list[str]]]:
    """What divides each score from the next, in words, best last as in the grid."""
    days = [_("%(n)s days") % {"n": number_format(one)} for one in reversed(snapshot.recency_thresholds)]
    return [
        (_("Recency: last purchase within"), days),
        (_("Frequency: more purchases than"), [number_format(one) for one in snapshot.frequency_thresholds]),
        (_("Monetary: spent more than"), [number_format(one, 2) for one in snapshot.monetary_thresholds]),
    ]


def _history() -> Chart | None:
    rows = list(selectors.finished()[:_HISTORY])[::-1]
    if len(rows) < 2:
        return None
    labels = [f"{row.taken_at:%Y-%m-%d}" for row in rows]
    return Chart(_("Buyers by night"), labels, [Series(_("Buyers"), [row.people for row in rows])], y=_("People"))


class CellSegment(Page):
    """The segment of one cell: the one there is, or a new one."""

    needs = {"POST": "segments:write"}

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        if name not in rfm.BY_NAME:
            raise NotFound
        cell = rfm.BY_NAME[name]
        if found := selectors.segment_of(cell):
            return redirect(url_of(found))
        with transaction.atomic():
            made = create_segment(
                name=_free_name(str(cell.label)), description=str(cell.meaning), criteria=selectors.rule_of(cell),
                by=request.user if isinstance(request.user, User) else None,
            )  # fmt: skip
            audit(request, "segment_created", "segment", made.pk, {"name": ["", made.name]})
        return self.done(_("%(name)s is made.") % {"name": made.name}, url_of(made))


def _free_name(label: str) -> str:
    names = [_("RFM: %(cell)s") % {"cell": label}]
    names += [f"{names[0]} ({number})" for number in range(2, 100)]
    taken = set(Segment.objects.filter(name__in=names).values_list("name", flat=True))
    return next(name for name in names if name not in taken)


class TakeRfm(Page):
    """A snapshot now, in the background, instead of tonight."""

    needs = {"POST": "segments:write"}

    def post(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            audit(request, "rfm_asked", "segment", None)
            transaction.on_commit(lambda: take_rfm_snapshot.apply_async(queue="work"))
        return self.done(_("A new snapshot is being taken."), reverse("segments:rfm"))
