"""The event types there are from the first day, by the names that shops and apps know from Segment's specs."""

from dataclasses import dataclass, field
from typing import Any

_TEXT = {"type": ["string", "null"], "maxLength": 2000}
_NUMBER = {"type": ["number", "null"]}
_PRODUCT = {
    **dict.fromkeys(
        (
            "product_id", "sku", "category", "name", "brand", "variant", "coupon", "url", "image_url", "currency",
            "cart_id", "order_id",
        ),
        _TEXT,
    ),
    **dict.fromkeys(("price", "quantity", "position", "value"), _NUMBER),
}  # fmt: skip
_PRODUCTS = {
    "type": ["array", "null"],
    "maxItems": 500,
    "items": {"type": "object", "properties": _PRODUCT, "additionalProperties": False},
}
_ORDER = {
    **dict.fromkeys(("order_id", "checkout_id", "cart_id", "affiliation", "coupon", "currency"), _TEXT),
    **dict.fromkeys(("subtotal", "total", "revenue", "shipping", "tax", "discount", "value"), _NUMBER),
    "products": _PRODUCTS,
}
_PAGE = dict.fromkeys(("path", "url", "title", "referrer", "search", "name", "category", "keywords"), _TEXT)
_PLAN = {**dict.fromkeys(("plan", "currency", "subscription_id", "reason"), _TEXT), "amount": _NUMBER}


@dataclass(frozen=True)
class BuiltIn:
    """An event type with its properties, those it cannot do without, and the one that is added up."""

    name: str
    description: str
    properties: dict[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    value: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        schema = {"type": "object", "properties": self.properties, "additionalProperties": False}
        return {**schema, "required": list(self.required)} if self.required else schema


CATALOGUE = (
    BuiltIn("page_viewed", "A page of a website was looked at", _PAGE),
    BuiltIn("screen_viewed", "A screen of an app was looked at", _PAGE),
    BuiltIn("page_scrolled", "Somebody scrolled that far", {**_PAGE, "percent": _NUMBER}),
    BuiltIn(
        "feature_used", "Somebody did something in the product", {"feature": _TEXT, "value": _NUMBER}, ("feature",)
    ),
    BuiltIn("contact_identified", "An anonymous visitor turned out to be a contact, or told more of themselves"),
    BuiltIn("contact_aliased", "Two names turned out to be of one person"),
    BuiltIn("group_joined", "Somebody belongs to a company or team", {"group_id": _TEXT}),
    BuiltIn("signed_up", "An account was made", dict.fromkeys(("method", "plan", "type"), _TEXT)),
    BuiltIn("signed_in", "Somebody logged in", {"method": _TEXT}),
    BuiltIn("signed_out", "Somebody logged out"),
    BuiltIn("product_viewed", "A product was looked at", _PRODUCT),
    BuiltIn("product_added", "A product was put into the cart", _PRODUCT),
    BuiltIn("product_removed", "A product was taken out of the cart", _PRODUCT),
    BuiltIn("product_purchased", "A product was bought", _PRODUCT, value="price"),
    BuiltIn("cart_viewed", "The cart was looked at", {"cart_id": _TEXT, "products": _PRODUCTS}),
    BuiltIn("cart_abandoned", "A cart was left behind", {**_ORDER, "url": _TEXT}, value="total"),
    BuiltIn("checkout_started", "Somebody began to pay", _ORDER, value="total"),
    BuiltIn("order_completed", "An order was paid", _ORDER, value="total"),
    BuiltIn("order_refunded", "Money was given back", _ORDER, value="total"),
    BuiltIn("subscription_started", "A subscription began", _PLAN, value="amount"),
    BuiltIn("subscription_renewed", "A subscription was paid again", _PLAN, value="amount"),
    BuiltIn("subscription_cancelled", "A subscription was ended", _PLAN),
)
