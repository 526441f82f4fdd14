"""Legal senders and the identities they write under."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from config.lib.addresses import InvalidAddress, normalise_email

_COLOUR = RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", "Write a colour as #1d5bbf: six digits or letters up to f.")


class WebAddress(models.URLField[str, str]):
    """One typed without its scheme is https, in every form."""

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"assume_scheme": "https", **options})

    def deconstruct(self) -> Any:
        """To migrations it is an ordinary one: the column is the same."""
        name, _path, given, named = super().deconstruct()
        return name, "django.db.models.URLField", given, named


class Brand(models.Model):
    """A legal sender: its name and postal address are in every marketing message (STANDARDS A3.1)."""

    name = models.CharField(max_length=200, unique=True)
    legal_name = models.CharField(max_length=200, blank=True, default="")
    postal_address = models.TextField(blank=True, default="")
    contact_url = WebAddress(blank=True, default="", help_text="Web page or mailto: to reach the sender")
    public_base_url = WebAddress(blank=True, default="", help_text="Where links in its mails point; blank: ours")
    return_path_domain = models.CharField(max_length=253, blank=True, default="", help_text="Takes bounces")
    tracking = models.BooleanField(default=True, help_text="Whether opens and clicks of its mails are recorded")
    accent_colour = models.CharField(
        max_length=7, blank=True, default="", db_default="", validators=[_COLOUR], help_text="Of its public pages"
    )
    logo = models.CharField(
        max_length=50, blank=True, default="", db_default="", help_text="File of an image, as assets are served"
    )
    utm = models.JSONField(
        "UTM tags",
        default=dict,
        blank=True,
        help_text='Added to links that lack them: {"utm_source": "news", "utm_campaign": "{campaign}"}; also {brand}',
    )
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Brings the return path's domain to its normal form, as it stands in envelopes."""
        if not isinstance(self.utm, dict) or not all(isinstance(value, str) and value for value in self.utm.values()):
            raise ValidationError({"utm": 'Write texts by name: {"utm_source": "news"}.'})
        self.accent_colour = self.accent_colour.lower()
        if self.return_path_domain:
            address = _clean("return_path_domain", f"bounces@{self.return_path_domain}")
            self.return_path_domain = address.rpartition("@")[2]


class Sender(models.Model):
    """A From identity of a brand, with its Reply-To."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="senders")
    from_name = models.CharField(max_length=200)
    from_email = models.CharField(max_length=320)
    reply_to = models.CharField(max_length=320, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "from_email", "from_name"], name="sender_once")]
        permissions = [("send_test", "Can send tests of templates as a sender")]

    def __str__(self) -> str:
        return f"{self.from_name} <{self.from_email}>"

    def clean(self) -> None:
        """Brings both addresses to their normal form, ASCII: not every server takes others (RFC 6531)."""
        self.from_email = _clean("from_email", self.from_email)
        self.reply_to = _clean("reply_to", self.reply_to) if self.reply_to else ""


def _clean(field: str, address: str) -> str:
    try:
        normal = normalise_email(address)
    except InvalidAddress as error:
        raise ValidationError({field: error.detail}) from None
    if not normal.isascii():
        raise ValidationError({field: "Use only unaccented letters before the @: not every mail server takes others."})
    return normal
