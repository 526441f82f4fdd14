"""Loading the demo's data from the pages: one press, in the background, as far as rows show that it has come."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from campaigns.models import Campaign
from compliance.models import Brand
from config.demo import content
from delivery.models import ProviderAccount
from segments.models import Contact
from templates.models import MessageTemplate

PEOPLE = 2_000
_STARTED = "demo-loading"
_PATIENCE_S = 300  # then it is taken for lost, and may be pressed again: making it again changes nothing


@dataclass(frozen=True)
class Stage:
    label: Promise
    done: bool


def offered() -> bool:
    """Whether this installation is empty, so that demo data are in nobody's way. Never in production."""
    return not settings.PRODUCTION and not (Brand.objects.exists() or Contact.objects.exists())


def is_loading() -> bool:
    """Whether somebody has pressed the button lately and it is not done yet."""
    try:
        return bool(cache.get(_STARTED)) and not all(stage.done for stage in stages())
    except RedisError:
        return False


def begin() -> None:
    """Remember that it was asked for."""
    cache.set(_STARTED, True, timeout=_PATIENCE_S)


def stages() -> Iterator[Stage]:
    """In the order of config.demo.content.set_up, each seen by its rows."""
    yield Stage(_("A brand and its sender"), Brand.objects.exists())
    yield Stage(_("A provider: the local mailbox"), ProviderAccount.objects.exists())
    yield Stage(_("People, imported from a CSV"), Contact.objects.exists())
    yield Stage(_("Message templates"), MessageTemplate.objects.count() >= len(content.TEMPLATES))
    yield Stage(_("Campaigns"), Campaign.objects.count() >= content.CAMPAIGNS)
