"""Conditions on what became of messages: `message.opened` and its like, of some campaigns or of any.

    {"campaigns": [id, …], "count": {"operator", "value"}, "within": "14_days", "machines": true}

All of it may be left out: then it is at least one message, of any campaign, ever. `between` may stand for `within`.
Openings and clicks are those that a person made, unless `machines` says otherwise. Tests are no messages of a campaign.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import Q

from campaigns.predicates import CAMPAIGNS
from campaigns.predicates.messages import OF_PEOPLE, engaged
from config.lib import public_ids
from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.comparing import (
    AMOUNTS,
    TIMES_DONE,
    clean_comparison,
    comparison_schema,
    holds_for_nobody,
    spoken,
)  # fmt: skip
from segments.predicates.dates import MOMENT, clean_period, window_in
from segments.predicates.happening import Happening
from segments.predicates.operators import BETWEEN, DID, DID_NOT, IN, Operand, Operator, table
from segments.predicates.types import BadValue, Naming, Reference, ValueType, inside, shown
from segments.predicates.wording import has, often, window

PREFIX = "message."
_DEEDS = {
    "sent": "been sent a message", "opened": "opened a message", "clicked": "clicked a link in a message",
    "bounced": "had a message bounce", "complained": "complained of a message",
    "unsubscribed": "unsubscribed by a message",
}  # fmt: skip
_KEYS = ("campaigns", "count", "within", "between", "machines")


@dataclass(frozen=True)
class Engagement(ValueType):
    """What may be said of one kind of thing that messages meet with. `human`: people do it, and machines pretend to."""

    kind: str
    human: bool = False

    name: ClassVar[str] = "engagement"
    operators = table(DID, DID_NOT)
    aliases = Happening.aliases

    def clean(self, operator: Operator, value: Any) -> dict[str, Any]:
        if value is None or value is True:
            return {}
        if isinstance(value, str):
            return {"within": clean_period(value)}
        if not isinstance(value, Mapping):
            raise BadValue(f'expects an object such as {{"within": "14_days"}}, not {shown(value)}')
        for key in value:
            if key not in _KEYS or (key == "machines" and not self.human):
                raise BadValue(f"is no key here; known are {', '.join(_KEYS[: 5 if self.human else 4])}", str(key))
        if {"within", "between"} <= value.keys():
            raise BadValue("takes one of within and between", "between")
        cleaned = {}
        for key in (key for key in _KEYS if key in value):
            with inside(key):
                cleaned[key] = self._clean_part(key, value[key])
        return {key: part for key, part in cleaned.items() if part not in ([], False)}

    def _clean_part(self, key: str, raw: Any) -> Any:
        match key:
            case "campaigns":
                return [] if raw == [] else CAMPAIGNS.clean(IN, raw)
            case "count":
                return clean_comparison(raw, TIMES_DONE, AMOUNTS)[0]
            case "within":
                return clean_period(raw)
            case "between":
                return MOMENT.clean(BETWEEN, raw)
            case _ if not isinstance(raw, bool):
                raise BadValue(f"expects true or false without quotes, not {shown(raw)}")
        return raw

    def schema_one(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "campaigns": CAMPAIGNS.schema(Operand.MANY),
                "count": comparison_schema(TIMES_DONE, AMOUNTS),
                "within": MOMENT.schema(Operand.PERIOD),
                "between": MOMENT.schema(Operand.PAIR),
                "machines": {"const": True},
            },
            "additionalProperties": False,
            "not": {"required": ["within", "between"]},
        }

    def parts(self) -> dict[str, Any]:
        return {"measures": ("count",), "amounts": spoken(AMOUNTS), "named": "campaign"}

    def own_parts(self) -> dict[str, Any]:
        return {"machines": self.human}

    def references(self, value: Any) -> Iterable[tuple[Reference, str, tuple[str | int, ...]]]:
        named = value.get("campaigns") if isinstance(value, Mapping) else None
        return ((kind, text, ("campaigns", *path)) for kind, text, path in CAMPAIGNS.references(named))

    def sentence(self, label: str, operator: Operator, value: Mapping[str, Any], name: Naming) -> str:
        named = [f"“{name(CAMPAIGNS, text)}”" for text in value.get("campaigns", [])]
        of = f" of the campaign {' or '.join(filter(None, [', '.join(named[:-1]), named[-1]]))}" if named else ""
        by = ", machines included," if value.get("machines") else ""
        times = often(value["count"]) if "count" in value else ""
        return f"{has(operator)} {_DEEDS[self.kind]}{of}{by}{times}{window(value)}"


class Engaged(Predicate):
    """What became of messages to somebody, and what they did with them."""

    kind = "engagement"
    group = "Messages"

    def fields(self) -> Mapping[str, ValueType]:
        return {PREFIX + kind: Engagement(kind, kind in OF_PEOPLE) for kind in _DEEDS}

    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        return self._q(leaf, scope, negated=False)

    def complement(self, leaf: Leaf, scope: Scope) -> Q:
        return self._q(leaf, scope, negated=True)

    @staticmethod
    def _q(leaf: Leaf, scope: Scope, *, negated: bool) -> Q:
        value = leaf.value
        counted = value.get("count")
        turned = counted is not None and holds_for_nobody(counted)
        return engaged(
            leaf.field.name.removeprefix(PREFIX),
            campaigns=[public_ids.decode("campaign", text) for text in value.get("campaigns", [])],
            window=window_in(value, scope.at) or (None, None),
            machines=value.get("machines", False),
            counted=counted,
            turned=turned,
            negated=negated != turned,
            among=scope.among,
        )
