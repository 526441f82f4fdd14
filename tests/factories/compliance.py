"""Brands, senders and opt-out links for tests."""

from compliance.models import Brand, Scope, Sender
from compliance.tokens import UnsubscribeToken
from config.lib.addresses import address_hash
from segments.models import Contact


def make_brand(name: str = "Acme", **fields: object) -> Brand:
    defaults: dict[str, object] = {"legal_name": "Acme Ltd", "postal_address": "1 Main St, Springfield"}
    return Brand.objects.create(name=name, **(defaults | fields))


def make_sender(brand: Brand, **fields: object) -> Sender:
    defaults: dict[str, object] = {"from_name": "Acme News", "from_email": "news@acme.example"}
    return Sender.objects.create(brand=brand, **(defaults | fields))


def make_token(
    contact: Contact, brand: Brand, *, scope: Scope = Scope.BRAND, scope_id: int | None = None, message_id: int = 1
) -> UnsubscribeToken:
    assert contact.email
    return UnsubscribeToken(
        message_id=message_id,
        contact_id=contact.pk,
        campaign_id=1,
        brand_id=brand.pk,
        scope=scope,
        scope_id=brand.pk if scope_id is None else scope_id,
        address=address_hash(contact.email),
    )
