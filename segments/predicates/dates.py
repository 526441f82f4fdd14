"""Dates and times: absolute or relative to the moment a rule is evaluated, which is always an argument.

Every value is a span of time: a day (a date, `30_days_ago`, `today`) is its 24 hours in UTC, an instant
(`2026-05-01T10:00:00Z`, `6_hours_ago`) is one microsecond. So one rule serves every operator:
`equals` is inside the span, `greater_than` past its end, `greater_than_or_equal` from its start,
`less_than` before its start, `less_than_or_equal` before its end, `between` from the first's start to the second's end.
Days, weeks, months and years count whole UTC days; a month or year that has no such day ends on its last.
`within_last 30_days` is from the day 30 days ago up to now (for dates: today included),
`within_next 30_days` from now (for dates: today) to the end of the day in 30 days.
"""

import calendar
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from segments.predicates import operators as op
from segments.predicates.operators import Operand, Operator
from segments.predicates.types import BadValue, ValueType, shown

Span = tuple[datetime, datetime]
Window = tuple[datetime | None, datetime | None]
"""From (included) and to (not included); None is open."""

_DATE = re.compile(r"[1-8][0-9]{3}-[0-9]{2}-[0-9]{2}")
_AMOUNT = r"(?P<amount>[0-9]{1,9})[_ ]?(?P<unit>minute|hour|day|week|month|year)s?"
_PERIOD = re.compile(rf"(?:last_|next_)?{_AMOUNT}")
_AGO = re.compile(rf"{_AMOUNT}[_ ]ago")
_AHEAD = re.compile(rf"in[_ ]{_AMOUNT}|{_AMOUNT.replace('amount', 'amount2').replace('unit', 'unit2')}[_ ]from[_ ]now")
_WORDS = {"today": 0, "yesterday": -1, "tomorrow": 1}
_PER_CENTURY = {"minute": 52_596_000, "hour": 876_600, "day": 36_525, "week": 5_217, "month": 1_200, "year": 100}
_CLOCK = ("minute", "hour")


def _period(text: str, amount: str, unit: str) -> str:
    if int(amount) > _PER_CENTURY[unit]:
        raise BadValue(f"{text!r} is more than a hundred years")
    return f"{int(amount)}_{unit}" + ("" if int(amount) == 1 else "s")


def clean_period(text: Any) -> str:
    """`30_days` from its spellings (`30 days`, `last_30_days`). Raises BadValue."""
    match = _PERIOD.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise BadValue(f'expects a period such as "30_days", "6_months" or "1_year", not {shown(text)}')
    return _period(match[0], match["amount"], match["unit"])


def _within_a_year(period: str) -> str:
    amount, unit = period.split("_")
    if int(amount) * 100 > _PER_CENTURY[unit.removesuffix("s")]:
        raise BadValue("every day has its anniversary within a year: take a shorter time")
    return period


def _clean_relative(text: str) -> str | None:
    if text in _WORDS:
        return text
    if match := _AGO.fullmatch(text):
        return f"{_period(text, match['amount'], match['unit'])}_ago"
    if match := _AHEAD.fullmatch(text):
        amount, unit = match["amount"] or match["amount2"], match["unit"] or match["unit2"]
        return f"in_{_period(text, amount, unit)}"
    return None


def _clean_date(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat() if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _clean_instant(text: str) -> str | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None or not 1000 < at.year < 8999:
        return None
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _shift(at: datetime, amount: int, unit: str) -> datetime:
    if unit not in ("month", "year"):
        return at + timedelta(**{f"{unit}s": amount})
    year, month = divmod(at.year * 12 + at.month - 1 + amount * (12 if unit == "year" else 1), 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def _day(at: datetime | date) -> Span:
    start = datetime.combine(at, time(), UTC)
    return start, start + timedelta(days=1)


def _instant(at: datetime) -> Span:
    return at, at + timedelta(microseconds=1)


def span(value: str, at: datetime) -> Span:
    """The span of time a canonical value stands for at this moment."""
    at = at.astimezone(UTC)
    if value in _WORDS:
        return _day(at + timedelta(days=_WORDS[value]))
    if match := re.search(_AMOUNT, value) if value.endswith("_ago") or value.startswith("in_") else None:
        amount = int(match["amount"]) * (-1 if value.endswith("_ago") else 1)
        moment = _shift(at, amount, match["unit"])
        return _instant(moment) if match["unit"] in _CLOCK else _day(moment)
    return _instant(datetime.fromisoformat(value)) if "T" in value else _day(date.fromisoformat(value))


def before(period: str, at: datetime) -> datetime:
    """The moment so long before: 14 days are 14 × 24 hours, a month leads to the same day and time of the last one."""
    amount, unit = period.split("_")
    return _shift(at.astimezone(UTC), -int(amount), unit.removesuffix("s"))


def window(operator: str, value: str | Sequence[str], at: datetime, *, now: Span) -> Window:
    """What a positive operator lets through. `now` is the present at the field's grain: today, or this instant."""
    if operator == "within_last":
        return span(f"{value}_ago", at)[0], now[1]
    if operator == "within_next":
        return now[0], span(f"in_{value}", at)[1]
    if operator == "between":
        return span(value[0], at)[0], span(value[1], at)[1]
    assert isinstance(value, str)
    start, end = span(value, at)
    windows: dict[str, Window] = {
        "equals": (start, end),
        "greater_than": (end, None),
        "greater_than_or_equal": (start, None),
        "less_than": (None, start),
        "less_than_or_equal": (None, end),
    }
    return windows[operator]


LOCAL = {"equals_local": "equals", "within_last_local": "within_last", "within_next_local": "within_next"}
ANNIVERSARIES = {
    "anniversary": "equals", "anniversary_within_last": "within_last", "anniversary_within_next": "within_next",
}  # fmt: skip
"""Operators over days of the contact's own calendar (calendars.py), by what each is of ordinary days."""


class Moment(ValueType):
    """A point in time, to the microsecond."""

    name = "datetime"
    clock = True
    operators = op.table(
        op.EQUALS, op.NOT_EQUALS, op.AFTER, op.ON_OR_AFTER, op.BEFORE, op.ON_OR_BEFORE, op.BETWEEN,
        op.WITHIN_LAST, op.NOT_WITHIN_LAST, op.WITHIN_NEXT, op.LOCAL_EQUALS, op.LOCAL_LAST, op.LOCAL_NEXT,
        op.ANNIVERSARY, op.ANNIVERSARY_LAST, op.ANNIVERSARY_NEXT, op.EXISTS, op.NOT_EXISTS,
    )  # fmt: skip
    aliases: ClassVar[Mapping[str, str]] = {"anniversary_is": "anniversary", "anniversary_on": "anniversary"}

    def clean_one(self, operator: Operator, value: Any) -> str:
        if self.clock and (operator.name in LOCAL or operator.name in ANNIVERSARIES):
            return DAY.clean_one(operator, value)
        if operator.name in ANNIVERSARIES and operator.operand is Operand.PERIOD:
            return _within_a_year(self._to_grain(clean_period(value)))
        if operator.operand is Operand.PERIOD:
            return self._to_grain(clean_period(value))
        text = value if isinstance(value, str) else ""
        found = _clean_relative(text) or _clean_date(text) or (_clean_instant(text) if self.clock else None)
        if found is None:
            raise BadValue(f"expects {self._expected()}, not {shown(value)}")
        return self._to_grain(found)

    def window(self, operator: str, value: str | Sequence[str], at: datetime) -> Window:
        """From (included) and to (not included) of what a positive operator lets through."""
        at = at.astimezone(UTC)
        return window(operator, value, at, now=_instant(at) if self.clock else _day(at))

    def reversed(self, low: str, high: str) -> bool:
        return all(_DATE.match(value) for value in (low, high)) and low[:10] > high[:10]

    def phrase(self, value: str) -> str:
        return value.replace("_", " ")

    def schema(self, operand: Operand) -> dict[str, Any]:
        units = "|".join(_PER_CENTURY if self.clock else [unit for unit in _PER_CENTURY if unit not in _CLOCK])
        period = f"[0-9]{{1,9}}_({units})s?"
        if operand is Operand.PERIOD:
            return {"type": "string", "pattern": f"^{period}$", "examples": ["30_days"]}
        instant = "(T[0-9:.]+Z)?" if self.clock else ""
        pattern = f"^({'|'.join(_WORDS)}|{period}_ago|in_{period}|{_DATE.pattern}{instant})$"
        one = {"type": "string", "pattern": pattern, "examples": ["2026-05-01", "30_days_ago"]}
        return {"type": "array", "items": one, "minItems": 2, "maxItems": 2} if operand is Operand.PAIR else one

    def _to_grain(self, text: str) -> str:
        if not self.clock and any(unit in text for unit in _CLOCK):
            raise BadValue(f"is a date without a time of day: {text!r} is finer than a day")
        return text

    def _expected(self) -> str:
        instant = ', a time with its zone such as "2026-05-01T10:00:00Z"' if self.clock else ""
        return f'a date such as "2026-05-01"{instant}, or "30_days_ago", "in_7_days", "today"'


class Day(Moment):
    """A calendar date."""

    name = "date"
    clock = False


MOMENT, DAY = Moment(), Day()


def window_in(value: Mapping[str, Any], at: datetime) -> Window | None:
    """The window of a value with `within` or `between`; None: ever.

    The last 14 × 24 hours end at this microsecond, which is inside; 14 days ago to the microsecond is too.
    """
    if "within" in value:
        return before(value["within"], at), at + timedelta(microseconds=1)
    return MOMENT.window("between", value["between"], at) if "between" in value else None
