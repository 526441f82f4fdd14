"""Download links: sealed for one export, the one who asked for it, and a quarter of an hour."""

import struct
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User

from analytics.models import Export
from config.api.scopes import SCOPES
from config.lib import public_ids
from config.lib.errors import NotFound
from config.lib.tokens import seal, unseal

LIVES = timedelta(minutes=15)
_PURPOSE = "export"
_FORMAT = ">QQQ"  # export, owner, unix time at which it ends


class LinkExpired(NotFound):
    """This link is no longer good: ask for the export again to get a new one, while its file is kept."""

    code = "link_expired"


def scope_of(export: Export) -> str:
    """What its owner must have, when asking for it and whenever it is fetched."""
    return "contacts:export" if export.holds_people else "campaigns:read"


def link(export: Export, *, at: datetime) -> str | None:
    """The address of the file for a while from `at`; None when there is no file."""
    if export.state != Export.State.COMPLETED or not is_kept(export, at):
        return None
    token = seal(_PURPOSE, struct.pack(_FORMAT, export.pk, export.created_by_id, int((at + LIVES).timestamp())))
    return f"{settings.BASE_URL}/api/v1/exports/{public_ids.encode('export', export.pk)}/download?token={token}"


def opened(public_id: str, token: str, *, at: datetime) -> Export:
    """The export of a link. Raises InvalidToken, LinkExpired, and NotFound when its owner may no longer have it."""
    export_id, owner_id, until = struct.unpack(_FORMAT, unseal(_PURPOSE, token))
    if at.timestamp() >= until or public_ids.decode("export", public_id) != export_id:
        raise LinkExpired
    export = Export.objects.filter(pk=export_id, created_by_id=owner_id, state=Export.State.COMPLETED).first()
    if export is None or not is_kept(export, at):
        raise LinkExpired
    if not may_have(User.objects.get(pk=owner_id), export):
        raise NotFound
    return export


def may_have(owner: User, export: Export) -> bool:
    return owner.is_active and owner.has_perms(SCOPES[scope_of(export)])


def is_kept(export: Export, at: datetime) -> bool:
    return export.finished_at is not None and at < export.finished_at + Export.KEPT
