"""The history of a segment: its versions in words, what changed between two of them, and the way back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from config.api.auditing import audit
from segments.explaining import Line, outline
from segments.models import Segment, SegmentVersion
from segments.services.segments import roll_back
from segments.views.segments import SegmentPage, tabs_of, url_of

_SHOWN = 100


@dataclass(frozen=True)
class Row:
    """A line of either version beside what stands in its place; None where nothing does."""

    old: Line | None
    new: Line | None

    @property
    def differs(self) -> bool:
        return self.old != self.new


class History(SegmentPage):
    """Versions beside what changed from one to another: `?old=3&new=5`, else the last step."""

    needs = {"GET": "segments:read"}
    template_name = "segments/segment_history.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        segment = self.segment(public_id)
        self.title, self.tabs = segment.name, tabs_of(segment, "history")
        rows = SegmentVersion.objects.filter(segment=segment).select_related("created_by")
        versions = list(rows.order_by("-number")[:_SHOWN])
        if not versions:
            return self.render(segment=segment, versions=[])
        new = self._asked(versions, "new") or versions[0]
        old = self._asked(versions, "old") or next((one for one in versions if one.number < new.number), None)
        return self.render(
            segment=segment, versions=versions, old=old, new=new,
            number=segment.current.number if segment.current else 0,
            rows=list(_compared(old, new)),
        )  # fmt: skip

    def _asked(self, versions: list[SegmentVersion], name: str) -> SegmentVersion | None:
        given = self.request.GET.get(name, "")
        return next((one for one in versions if str(one.number) == given), None)


def _compared(old: SegmentVersion | None, new: SegmentVersion) -> Iterator[Row]:
    if old is None:
        return (Row(line, line) for line in outline([new.criteria])[0])
    return beside(*outline([old.criteria, new.criteria]))


def beside(old: Sequence[Line], new: Sequence[Line]) -> Iterator[Row]:
    """Two outlines side by side, equal lines in one row."""
    for _tag, low, high, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left, right = list(old[low:high]), list(new[first:last])
        for index in range(max(len(left), len(right))):
            yield Row(*(side[index] if index < len(side) else None for side in (left, right)))


class Restore(SegmentPage):
    """A new version with the rule of an old one."""

    needs = {"POST": "segments:write"}

    def post(self, request: HttpRequest, public_id: str, number: int) -> HttpResponse:
        segment: Segment = self.segment(public_id)
        assert isinstance(request.user, User)
        with transaction.atomic():
            made = roll_back(segment, number, by=request.user)
            audit(request, "segment_rolled_back", "segment", segment.pk, {"to": number, "version": made.number})
        said = _("Version %(new)d has the rule of version %(old)d.") % {"new": made.number, "old": number}
        return self.done(said, url_of(segment, "history"))
