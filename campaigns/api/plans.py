"""A campaign's body as the plan that services take, and their errors in the words of the body."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db import models

from campaigns.services.drafts import Plan
from compliance.models import Brand, Sender
from config.lib.errors import FieldError, Invalid
from segments.models import ContactList, Segment
from templates.models import MessageTemplate

_ONE: dict[str, tuple[str, type[models.Model]]] = {
    "brand_id": ("brand", Brand),
    "sender_id": ("sender", Sender),
    "unsubscribe_list_id": ("list", ContactList),
}
_PLAIN = ("name", "description", "purpose", "rate_per_minute", "expires_after_hours", "resend_unknown")
_MANY: dict[str, tuple[str, type[models.Model]]] = {
    "segment_ids": ("segments", Segment),
    "list_ids": ("lists", ContactList),
    "excluded_segment_ids": ("excluded_segments", Segment),
    "excluded_list_ids": ("excluded_lists", ContactList),
}
_POINTERS = {
    "/template": "/content/email/template_id",
    **{f"/{field}": f"/{name}" for name, (field, _) in {**_ONE, **_MANY}.items()},
}


def plan_of(body: Mapping[str, Any]) -> Plan:
    """What a body says. Raises Invalid for ids of nothing."""
    plan: dict[str, Any] = {name: body[name] for name in _PLAIN if name in body}
    given = dict(body)
    if "target_segment_id" in given:
        given["segment_ids"] = [given["target_segment_id"]]
    for name, (field, model) in _ONE.items():
        if name in given:
            plan[field] = _row(model, given[name], f"/{name}")
    for name, (field, model) in _MANY.items():
        if name in given:
            plan[field] = _rows(model, given[name], f"/{name}")
    if "budget" in given:
        plan["budget"] = given["budget"] and given["budget"]["max_spend"]
    if "content" in given:
        template = given["content"]["email"]["template_id"]
        plan["template"] = _row(MessageTemplate, template, "/content/email/template_id")
    return {**plan, **_time(given)}  # type: ignore[typeddict-item]  # fields by name


def in_words_of_the_body(errors: Iterator[FieldError] | list[FieldError]) -> list[FieldError]:
    """What stands against a launch, with pointers into the body of the campaign."""
    return [replace(error, pointer=_pointer(error.pointer)) for error in errors]


@contextmanager
def pointing_into_the_body() -> Iterator[None]:
    """Errors raised within point at the body's own fields."""
    try:
        yield
    except Invalid as error:
        raise type(error)(*in_words_of_the_body(list(error.errors))) from error


def _time(given: Mapping[str, Any]) -> dict[str, Any]:
    if "start_time" not in given and given.get("type") != "immediate":
        return {}
    start = given.get("start_time")
    if start is None:
        return {"scheduled_local": "", "scheduled_zone": "", "scheduled_at": None}
    local = start.replace(tzinfo=None, microsecond=0).isoformat()
    return {"scheduled_local": local, "scheduled_zone": "UTC", "scheduled_at": start.replace(microsecond=0)}


def _row(model: type[models.Model], pk: int, pointer: str) -> models.Model:
    return _rows(model, [pk], pointer)[0]


def _rows(model: type[models.Model], pks: list[int], pointer: str) -> list[models.Model]:
    found = model._default_manager.in_bulk(pks)  # noqa: SLF001 - public in Django
    single = pointer.endswith("_id")
    missing = [pointer if single else f"{pointer}/{at}" for at, pk in enumerate(pks) if pk not in found]
    if missing:
        raise Invalid(*(FieldError(at, "There is nothing with this id.", "unknown") for at in missing))
    return list(found.values())


def _pointer(pointer: str) -> str:
    head, _, rest = pointer.removeprefix("/").partition("/")
    named = _POINTERS.get(f"/{head}")
    return named + (f"/{rest}" if rest else "") if named else pointer
