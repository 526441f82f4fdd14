"""Tags of the pages' own design: {% load ui %}."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _

from config.pages.access import allows
from config.pages.states import tone_and_word

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of config/front/icons.txt; decoration unless it has a label."""
    href = f"{static('dist/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', href)


@register.simple_tag
def chip(state: str, words: str = "") -> SafeString:
    """A state by colour, icon and word; `words` instead of its own."""
    tone, word = tone_and_word(state)
    return format_html('<span class="chip chip-{}">{}{}</span>', tone, icon(f"state-{tone}"), words or word)


@register.filter
def num(value: Any, places: int | None = None) -> str:
    """A number grouped as the reader writes numbers; a dash for none."""
    if value is None or value == "":
        return "–"
    return number_format(value, decimal_pos=places, use_l10n=True, force_grouping=True)


@register.filter
def shown(value: Any) -> Any:
    """A number as `num`, a text as it is."""
    return num(value) if isinstance(value, int | float | Decimal) else value


@register.filter
def percent(value: float | Decimal | None, places: int = 1) -> str:
    """A share (0.123) as 12.3 %; a dash for none."""
    return "–" if value is None else f"{num(round(float(value) * 100, places), places)}\u202f%"


@register.simple_tag
def ago(at: datetime | None, none: str = "–") -> SafeString:
    """How long ago or until; the exact time, in the reader's zone, on hover (times.js)."""
    if at is None:
        return SafeString(none)
    return format_html('<time datetime="{}" data-ago title="{} UTC">{}</time>', at.isoformat(), _utc(at), _words(at))


@register.simple_tag
def exact(at: datetime | None, none: str = "–") -> SafeString:
    """The time itself; in the reader's zone once the script has run."""
    if at is None:
        return SafeString(none)
    return format_html('<time datetime="{}" data-exact>{} UTC</time>', at.isoformat(), _utc(at))


@register.inclusion_tag("parts/as_of.html")
def as_of(at: datetime | None) -> dict[str, Any]:
    """The age of a figure."""
    return {"at": at}


@register.inclusion_tag("parts/define.html")
def define(text: str, about: str = "") -> dict[str, Any]:
    """ⓘ with a definition, by hover, focus and touch."""
    return {"text": text, "about": about, "id": f"define-{abs(hash(text)) % 10**8}"}


@register.inclusion_tag("parts/figure.html")
def figure(
    label: str, value: Any, *, definition: str = "", at: datetime | None = None, note: str = "", url: str = ""
) -> dict[str, Any]:
    """A number with its age and its definition; inside <div class="figures">. A text value is shown as it is."""
    return {"label": label, "value": value, "definition": definition, "at": at, "note": note, "url": url}


@register.inclusion_tag("parts/chart.html")
def chart(of: Any, tall: bool = False) -> dict[str, Any]:
    """A chart of config/pages/charts.py with its table."""
    return {"chart": of, "spec": of.spec(), "tall": tall, "id": f"chart-{id(of)}"}


@register.inclusion_tag("parts/progress.html")
def progress(done: int, total: int, *, label: str, rate: str = "", eta: str = "") -> dict[str, Any]:
    """A bar with its words; `rate` and `eta` are words too."""
    return {"done": done, "total": total, "label": label, "rate": rate, "eta": eta}


@register.inclusion_tag("parts/empty.html")
def empty(title: str, sentence: str, *, icon: str = "list", label: str = "", url: str = "") -> dict[str, Any]:
    """An empty place in two lines, and the first step."""
    return {"title": title, "sentence": sentence, "icon": icon, "label": label, "url": url}


@register.inclusion_tag("parts/copy.html")
def copy(text: str, label: str = "") -> dict[str, Any]:
    """A button that copies a text."""
    return {"text": text, "label": label}


@register.simple_tag(takes_context=True)
def may(context: Mapping[str, Any], need: str) -> bool:
    """{% may "campaigns:write" as can_write %}"""
    return allows(context["request"].user, need)


@register.filter
def undo(message: Message) -> str:
    """The address that takes back what a message tells of (Page.done)."""
    return message.extra_tags if (message.extra_tags or "").startswith("/") else ""


def _utc(at: datetime) -> str:
    return at.astimezone(timezone.get_default_timezone()).strftime("%Y-%m-%d %H:%M:%S")


def _words(at: datetime) -> str:
    now = timezone.now()
    if abs((now - at).total_seconds()) < 60:
        return _("now")
    if at > now:
        return _("in %(time)s") % {"time": timeuntil(at, now, depth=1)}
    return _("%(time)s ago") % {"time": timesince(at, now, depth=1)}
