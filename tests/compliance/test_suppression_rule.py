"""Which suppressions stop which messages (STANDARDS A12)."""

from collections.abc import Iterable

import pytest
from django.utils import timezone

from compliance.gate import Candidate
from compliance.models import Brand, Reason, Scope, Suppression, SuppressionEvent
from compliance.rules.suppression import NotSuppressed
from compliance.services.suppressions import lift, suppress_email
from config.lib.addresses import address_hash, address_hashes
from tests.factories.compliance import make_brand

pytestmark = pytest.mark.django_db
EMAIL = "ben@example.com"


@pytest.fixture
def brand() -> Brand:
    return make_brand()


def _candidate(
    brand_id: int, *, list_id: int | None = None, purpose: str = "marketing", email: str = EMAIL
) -> Candidate:
    return Candidate(1, 1, 1, "email", purpose, brand_id, [list_id] if list_id else [], address_hashes(email))


def _suppress(scope: Scope, scope_id: int = 0, reason: Reason = Reason.UNSUBSCRIBED) -> bool:
    return suppress_email(EMAIL, scope=scope, scope_id=scope_id, reason=reason, source="test", at=timezone.now())


def _blocked(candidates: Iterable[Candidate]) -> bool:
    return bool(NotSuppressed().verdicts(list(candidates), at=timezone.now()))


@pytest.mark.parametrize(
    ("scope", "scope_id", "message_brand", "message_list", "blocked"),
    [
        (Scope.GLOBAL, 0, 1, None, True),
        (Scope.GLOBAL, 0, 1, 5, True),
        (Scope.BRAND, 1, 1, None, True),
        (Scope.BRAND, 1, 1, 5, True),
        (Scope.BRAND, 2, 1, None, False),
        (Scope.LIST, 5, 1, 5, True),
        (Scope.LIST, 5, 1, 6, False),
        (Scope.LIST, 5, 1, None, False),
        (Scope.LIST, 1, 1, None, False),
    ],
)
def test_a_scope_covers_exactly_its_messages(
    scope: Scope, scope_id: int, message_brand: int, message_list: int | None, blocked: bool
) -> None:
    _suppress(scope, scope_id)
    assert _blocked([_candidate(message_brand, list_id=message_list)]) is blocked


@pytest.mark.parametrize(
    ("reason", "blocked"),
    [
        (Reason.UNSUBSCRIBED, False),
        (Reason.COMPLAINED, False),
        (Reason.BOUNCED, True),
        (Reason.MANUAL, True),
        (Reason.ERASED, True),
    ],
)
def test_an_unsubscribe_never_blocks_a_password_reset(reason: Reason, blocked: bool) -> None:
    _suppress(Scope.GLOBAL, reason=reason)
    assert _blocked([_candidate(1)])
    assert _blocked([_candidate(1, purpose="transactional")]) is blocked


def test_other_addresses_are_untouched() -> None:
    _suppress(Scope.GLOBAL)
    assert not _blocked([_candidate(1, email="ana@example.com")])


def test_suppressions_laid_under_an_old_key_still_hold(settings: pytest.FixtureRequest) -> None:
    _suppress(Scope.GLOBAL)
    settings.ADDRESS_KEYS = ((9, b"n" * 32), *settings.ADDRESS_KEYS)  # type: ignore[attr-defined]
    assert address_hash(EMAIL).key_id == 9
    assert _blocked([_candidate(1)])


def test_laying_twice_is_one_row_and_one_event() -> None:
    assert _suppress(Scope.GLOBAL) and not _suppress(Scope.GLOBAL)
    assert Suppression.objects.count() == SuppressionEvent.objects.count() == 1


def test_lifting_is_logged_and_only_of_the_named_scope(brand: Brand) -> None:
    _suppress(Scope.GLOBAL)
    _suppress(Scope.BRAND, brand.pk)
    assert lift(
        EMAIL,
        scope=Scope.BRAND,
        scope_id=brand.pk,
        reason=Reason.UNSUBSCRIBED,
        source="test",
        at=timezone.now(),
        actor_id=None,
        note="asked",
    )
    assert list(Suppression.objects.values_list("scope", flat=True)) == [Scope.GLOBAL]
    assert SuppressionEvent.objects.filter(action="lifted", note="asked").count() == 1


def test_the_log_holds_no_address() -> None:
    _suppress(Scope.GLOBAL)
    assert EMAIL not in str(list(SuppressionEvent.objects.values())) + str(list(Suppression.objects.values()))
