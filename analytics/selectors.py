"""Reads of the counters: figures with their age. Nothing here looks at the log."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Sum

from analytics import figures
from analytics.figures import Figure
from analytics.models import CampaignStat, Freshness, LinkStat, StreamMark
from templates.models import TemplateLink

_COLUMNS = ("total", "unique", "human_total", "human_unique")
_LIVE = {"mark__state": StreamMark.State.LIVE}


@dataclass(frozen=True)
class Figures:
    """Counts and rates (percent) by name."""

    counts: dict[str, Figure]
    rates: dict[str, Figure]


@dataclass(frozen=True)
class LinkClicks:
    """Clicks of one link of a template version: messages and clicks, without machines and with."""

    link_id: int
    clicked: int
    clicks: int
    clicked_with_machines: int
    clicks_with_machines: int


def as_of() -> datetime | None:
    """Everything logged before this is in the counters; None before the first count."""
    return Freshness.objects.filter(pk="campaign_stats").values_list("last_success_at", flat=True).first()


def campaign_figures(
    campaign_id: int, *, since: datetime | None = None, until: datetime | None = None, step_id: int | None = None
) -> Figures:
    """The figures of a campaign, or of one of its steps; of the hours in [since, until)."""
    found = campaign_figures_by("campaign_id", campaign_id, since=since, until=until, step_id=step_id)
    return found.get(campaign_id) or _figures({}, as_of())


def campaign_figures_by(
    field: str, campaign_id: int, *, since: datetime | None = None, until: datetime | None = None,
    step_id: int | None = None,
) -> dict[Any, Figures]:  # fmt: skip
    """The same split by a field of the counters: `channel`, `step_id` or `hour`."""
    if field not in {"campaign_id", "channel", "step_id", "hour"}:
        raise ValueError(f"the counters cannot be split by {field!r}")
    rows = _rows(CampaignStat.objects, campaign_id, since, until, step_id)
    sums: dict[Any, dict[tuple[str, str], int]] = {}
    summed = rows.values_list(field, "kind").annotate(*_sums()).order_by(field)
    for value, kind, *numbers in summed:
        sums.setdefault(value, {}).update({(kind, column): n for column, n in zip(_COLUMNS, numbers, strict=True)})
    moment = as_of()
    return {value: _figures(found, moment) for value, found in sums.items()}


def figures_by_hour_and_channel(campaign_id: int) -> dict[tuple[datetime, str], dict[str, Figure]]:
    """The counts of a campaign by hour (UTC) and channel, in that order; they add up to its figures."""
    rows = _rows(CampaignStat.objects, campaign_id, None, None, None)
    sums: dict[tuple[datetime, str], dict[tuple[str, str], int]] = {}
    summed = rows.values_list("hour", "channel", "kind").annotate(*_sums()).order_by("hour", "channel")
    for hour, channel, kind, *numbers in summed:
        found = sums.setdefault((hour, channel), {})
        found.update({(kind, column): n for column, n in zip(_COLUMNS, numbers, strict=True)})
    moment = as_of()
    return {place: figures.counts(found, moment) for place, found in sums.items()}


def link_clicks(campaign_id: int, *, step_id: int | None = None) -> list[LinkClicks]:
    """Clicks of each link of a campaign, the most clicked first."""
    rows = _rows(LinkStat.objects, campaign_id, None, None, step_id).values_list("link_id").annotate(*_sums())
    found = [
        LinkClicks(link, human_unique, human_total, unique, total)
        for link, total, unique, human_total, human_unique in rows.order_by("link_id")
    ]
    return sorted(found, key=lambda link: (-link.clicked, -link.clicks, link.link_id))


def links_clicked(campaign_id: int) -> list[tuple[str, LinkClicks]]:
    """The same with where each link leads. One that a message has in several places stands for each of them."""
    found = link_clicks(campaign_id)
    urls = dict(TemplateLink.objects.filter(pk__in=[one.link_id for one in found]).values_list("pk", "url"))
    return [(urls.get(one.link_id, ""), one) for one in found]


def _sums() -> Iterable[Sum]:
    return [Sum(column, default=0) for column in _COLUMNS]


def _rows(
    manager: Any, campaign_id: int, since: datetime | None, until: datetime | None, step_id: int | None
) -> QuerySet[Any, Any]:
    wanted = {"hour__gte": since, "hour__lt": until, "step_id": step_id}
    given = {name: value for name, value in wanted.items() if value is not None}
    found: QuerySet[Any, Any] = manager.filter(**_LIVE, campaign_id=campaign_id, **given)
    return found


def _figures(sums: dict[tuple[str, str], int], moment: datetime | None) -> Figures:
    counts = figures.counts(sums, moment)
    return Figures(counts, figures.rates(counts))
