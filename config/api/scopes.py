"""What can be allowed: a scope narrows an API key, a role grants scopes, each scope stands for Django permissions.

This is the whole of access: the admin asks for the permissions, the API for the scope and all of its permissions.
"""

from collections.abc import Iterable

_VIEW_CONTACTS = ("contact", "attribute", "contactlist", "listmembership")
_VIEW_IMPORTS = ("import", "importrow")
_VIEW_EVENTS = ("eventtype", "eventtypeversion", "metric", "rawevent", "quarantinedevent")
_VIEW_TEMPLATES = (
    "messagetemplate",
    "templateversion",
    "templatecontent",
    "sharedblock",
    "sharedblockversion",
    "asset",
)
_VIEW_CAMPAIGNS = ("campaign", "journeyversion", "step", "run", "enrolment", "enrolmentevent")
_VIEW_MESSAGES = ("sendorder", "message", "deliveryevent", "deadletter")


def _may(app: str, verbs: str, models: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{app}.{verb}_{model}" for model in models for verb in verbs.split())


SCOPES: dict[str, tuple[str, ...]] = {
    "contacts:read": _may("segments", "view", _VIEW_CONTACTS),
    "contacts:write": _may("segments", "add change", ("contact", "attribute", "contactlist", "listmembership")),
    "contacts:export": ("analytics.export_contacts", *_may("segments", "view", _VIEW_CONTACTS)),
    "segments:read": _may("segments", "view", ("segment", "segmentversion")),
    "segments:write": _may("segments", "add change", ("segment",)),
    "events:read": _may("segments", "view", _VIEW_EVENTS),
    "events:write": _may("segments", "add", ("rawevent",)),
    "event_types:write": _may("segments", "add change", ("eventtype", "metric", "quarantinedevent")),
    "imports:read": _may("segments", "view", _VIEW_IMPORTS),
    "imports:write": _may("segments", "add change", ("import",)),
    "templates:read": _may("templates", "view", _VIEW_TEMPLATES),
    "templates:write": _may("templates", "add change", ("messagetemplate", "sharedblock", "asset")),
    "campaigns:read": _may("campaigns", "view", _VIEW_CAMPAIGNS) + _may("compliance", "view", ("brand", "sender")),
    "campaigns:write": _may("campaigns", "add change delete", ("campaign",)),
    "campaigns:launch": ("campaigns.launch_campaign",),
    "messages:read": _may("delivery", "view", _VIEW_MESSAGES),
    "messages:test": ("compliance.send_test",),
    "mailbox_providers:read": _may("delivery", "view", ("mailboxprovider",)),
    "mailbox_providers:write": _may("delivery", "add change delete", ("mailboxprovider",)),
    "provider_accounts:read": _may("delivery", "view", ("provideraccount", "breaker")),
    "provider_accounts:write": _may("delivery", "add change", ("provideraccount",)),
    "suppressions:read": _may("compliance", "view", ("suppression", "suppressionevent")),
    "suppressions:write": ("compliance.add_suppression",),
    "audit:read": ("compliance.view_auditentry",),
}
