"""What of a person, when it changes, may change which segments they are in: plug-ins named in SEGMENT_WATCHES.

A rule depends on what its SQL reads. A watch names the tables, views and functions by which its facts are read; a
trigger (`watched` in migration 0013, for the tables of upper floors too) touches the people whose rows change, in the
transaction that changes them. An append-only log that is written too fast for a trigger is read from a mark instead:
`log`. What a rule reads and no watch names is looked at again every hour.
"""

from abc import ABC
from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from config.lib.registry import Registry
from segments.models import How


class Watch(ABC):
    """One kind of facts. One class, one settings line, and `watched` in a migration unless it has a `log`."""

    kind: ClassVar[str]  # at most 12 letters
    words: ClassVar[StrOrPromise]  # of an entry or exit: because …
    names: ClassVar[frozenset[str]] = frozenset()
    log: ClassVar[str] = ""  # a table with id, contact_id, and xid as month_log gives it; indexed by (xid, id)
    which: ClassVar[str] = "true"  # SQL: the rows of the log that matter


WATCHES: Registry[Watch] = Registry("SEGMENT_WATCHES", Watch)


def because(how: str) -> StrOrPromise:
    """What brought somebody in or out, in words that follow "because"."""
    words: dict[str, StrOrPromise] = {one.value: one.label for one in How}
    words |= {watch.kind: watch.words for watch in WATCHES}
    return words.get(how, "")


class People(Watch):
    """That there is a contact at all. Every rule depends on it."""

    kind = "people"
    words = _("the contact came, went or was merged")
    names = frozenset({"segments_formercontact"})


class Fields(Watch):
    """Fields and attributes of contacts, except their ids."""

    kind = "fields"
    words = _("the contact's own fields changed")


class Lists(Watch):
    kind = "lists"
    words = _("the lists they are on changed")
    names = frozenset({"segments_listmembership"})


class Events(Watch):
    """The rollup follows the log in one transaction, so whoever reads the log is told by the rollup."""

    kind = "events"
    words = _("of what they did")
    names = frozenset({
        "segments_activity", "segments_activitytotal", "segments_rawevent", "segments_personevent",
        "segments_events_of", "segments_owner", "segments_identitylink", "segments_visitor",
    })  # fmt: skip


class Imports(Watch):
    kind = "imports"
    words = _("they came with an import")
    names = frozenset({"segments_importrow"})


class Members(Watch):
    """Of frozen segments, which people change by hand."""

    kind = "members"
    words = _("the people of another segment changed")
    names = frozenset({"segments_membership"})


class Scores(Watch):
    """The latest RFM snapshot; when it is finished, everybody may be in another cell (migration 0018)."""

    kind = "scores"
    words = _("buyers were scored anew")
    names = frozenset({"segments_rfmscore", "segments_rfmsnapshot"})
