"""What this app lets people do to many contacts: lists, frozen segments, attributes. Each can be taken back."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.contrib.auth.models import User
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.lib import public_ids
from config.lib.errors import Conflict, FieldError, Invalid, NotFound
from config.lib.sql import Statements
from segments.actions import ContactAction, Order
from segments.models import Attribute, ContactList, Segment
from segments.services.attribute_writers import note_writer
from segments.services.attributes import typed_values
from segments.services.hand_kept import NotFrozen, add_people, remove_people
from segments.services.lists import ListArchived

_VERBS = ("set", "clear", "add", "remove")
_SQL = Statements("segments", "bulk")


class PutOnList(ContactAction):
    """Put them on a list."""

    kind = "list"
    label = gettext_lazy("Add to list")
    need = "contacts:write"
    fields = "segments/choose_list.html"
    undoable = True

    def read(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        row = _list(asked)
        if row.archived_at:
            raise ListArchived
        return {"list": row.pk, "name": row.name}

    def carry_out(self, contact_ids: Sequence[int], order: Order) -> Mapping[int, Any]:
        return {pk: None for (pk,) in _SQL.rows("put_on", list=order.given["list"], ids=contact_ids)}

    def take_back(self, before: Mapping[int, Any], order: Order) -> int:
        return len(_SQL.rows("take_off", list=order.given["list"], ids=list(before)))

    def said(self, given: Mapping[str, Any], *, changed: int, total: int) -> str:
        return _("%(added)d added to %(list)s; %(there)d were on it already.") % {
            "added": changed, "list": given["name"], "there": total - changed,
        }  # fmt: skip


class TakeOffList(ContactAction):
    """Take them off a list."""

    kind = "off"
    label = gettext_lazy("Take off list")
    need = "contacts:write"
    question = gettext_lazy("They stay contacts. This is no opt-out: an import can put them on again.")
    fields = "segments/choose_list.html"
    undoable = True

    def read(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        row = _list(asked)
        return {"list": row.pk, "name": row.name}

    def carry_out(self, contact_ids: Sequence[int], order: Order) -> Mapping[int, Any]:
        gone = _SQL.rows("take_off", list=order.given["list"], ids=contact_ids)
        return {pk: added_at.isoformat() for pk, added_at in gone}

    def take_back(self, before: Mapping[int, Any], order: Order) -> int:
        added = [parse_datetime(text) for text in before.values()]
        return _SQL.count("put_back", list=order.given["list"], ids=list(before), added=added)

    def said(self, given: Mapping[str, Any], *, changed: int, total: int) -> str:
        text = ngettext("%(n)d contact is off the list %(list)s.", "%(n)d contacts are off the list %(list)s.", changed)
        return text % {"n": changed, "list": given["name"]}


class TakeOutOfSegment(ContactAction):
    """Take them out of a frozen segment. Undone, they are in it again, from then on: its log keeps what was."""

    kind = "out"
    label = gettext_lazy("Take out of the segment")
    need = "segments:write"
    question = gettext_lazy("They stay contacts, and can be put in again.")
    undoable = True
    anywhere = False

    def read(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        pk = public_ids.decode("segment", str(asked.get("from_segment", "")))
        row = Segment.objects.filter(pk=pk).first()
        if row is None:
            raise NotFound
        if not row.frozen_at:
            raise NotFrozen
        return {"segment": row.pk, "name": row.name}

    def carry_out(self, contact_ids: Sequence[int], order: Order) -> Mapping[int, Any]:
        return dict.fromkeys(remove_people(self._segment(order), contact_ids))

    def take_back(self, before: Mapping[int, Any], order: Order) -> int:
        return len(add_people(self._segment(order), list(before)))

    def said(self, given: Mapping[str, Any], *, changed: int, total: int) -> str:
        text = ngettext("%(n)d person is out of %(segment)s.", "%(n)d people are out of %(segment)s.", changed)
        return text % {"n": changed, "segment": given["name"]}

    def _segment(self, order: Order) -> Segment:
        return Segment.objects.get(pk=order.given["segment"])


class ChangeAttribute(ContactAction):
    """Give an attribute a value, take it away, or put one thing on or off an attribute that is a list, as tags are."""

    kind = "attribute"
    label = gettext_lazy("Change attribute")
    need = "contacts:write"
    fields = "segments/choose_attribute.html"
    undoable = True

    def read(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """`attribute`, `verb` (set, clear, add, remove) and `value`. Raises Invalid."""
        name, verb = str(asked.get("attribute", "")), str(asked.get("verb", "set"))
        row = Attribute.objects.filter(name=name).first()
        if row is None:
            raise Invalid(FieldError("/attribute", "choose a registered attribute", "unknown"))
        if verb not in _VERBS:
            raise Invalid(FieldError("/verb", f"is one of {', '.join(_VERBS)}"))
        given = {"attribute": name, "verb": verb}
        if verb == "clear":
            return given
        if verb != "set" and row.type != Attribute.Type.LIST:
            raise Invalid(FieldError("/verb", f"{name} is no list: set it or take it away"))
        return {**given, "value": _value(row, verb, asked.get("value", ""))}

    def begin(self, order: Order) -> str:
        by = User.objects.filter(pk=order.by).first() if order.by else None
        note_writer([order.given["attribute"]], Attribute.Writer.BULK_JOB, str(by or ""))
        return ""

    def carry_out(self, contact_ids: Sequence[int], order: Order) -> Mapping[int, Any]:
        changed = _set(order.given["verb"], contact_ids, order)
        return {pk: before and orjson.loads(before) for pk, before in changed}

    def take_back(self, before: Mapping[int, Any], order: Order) -> int:
        verb, ids = order.given["verb"], list(before)
        if verb in ("add", "remove"):  # what else became of the list since stays
            back = "remove" if verb == "add" else "add"
            return len(_set(back, ids, order))
        after = None if verb == "clear" else _json(order.given["value"])
        packed = [None if value is None else _json(value) for value in before.values()]
        return _SQL.count("restore_attribute", name=order.given["attribute"], ids=ids, before=packed, after=after)

    def said(self, given: Mapping[str, Any], *, changed: int, total: int) -> str:
        text = ngettext("%(name)s is changed for %(n)d contact; %(same)d had it so.",
                        "%(name)s is changed for %(n)d contacts; %(same)d had it so.", changed)  # fmt: skip
        return text % {"name": given["attribute"], "n": changed, "same": total - changed}


def _list(asked: Mapping[str, Any]) -> ContactList:
    try:
        pk = public_ids.decode("list", str(asked.get("to_list", "")))
    except NotFound:
        raise Conflict(_("Choose a list first.")) from None
    row = ContactList.objects.filter(pk=pk).first()
    if row is None:
        raise NotFound
    return row


def _value(row: Attribute, verb: str, given: Any) -> Any:
    """In the type of the attribute; of a list, one text to put on or off it. Raises Invalid."""
    if verb != "set":
        text = " ".join(str(given).split())
        if not text:
            raise Invalid(FieldError("/value", "say what", "missing"))
        return text
    lines = given.splitlines() if row.type == Attribute.Type.LIST and isinstance(given, str) else given
    try:
        value = typed_values({row.name: lines}, {row.name: row.type})[row.name]
    except Invalid as error:
        raise Invalid(*(FieldError("/value", one.detail, one.code) for one in error.errors)) from None
    if value is None:
        raise Invalid(FieldError("/value", "give a value, or choose to take it away", "missing"))
    return value


def _set(verb: str, ids: Sequence[int], order: Order) -> list[tuple[Any, ...]]:
    """Who is changed by a verb, each with what they had before."""
    value = order.given.get("value")
    given = {"name": order.given["attribute"], "value": _json(value), "item": value if isinstance(value, str) else ""}
    return _SQL.rows("set_attribute", {"value": _SQL.text(f"value_{verb}")}, ids=ids, **given)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
