"""Provider accounts and how their secrets are sealed."""

from delivery.models import ProviderAccount


def sealed_accounts() -> list[int]:
    """The accounts that have a secret, in order."""
    return list(ProviderAccount.objects.exclude(sealed_secret="").order_by("pk").values_list("pk", flat=True))
