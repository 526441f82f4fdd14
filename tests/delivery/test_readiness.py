"""What would make every message of a campaign fail is found before its launch."""

import pytest

from compliance.models import Brand, Sender
from delivery.models import ProviderAccount
from delivery.readiness import problems
from tests.factories.compliance import make_brand, make_sender

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand() -> Brand:
    return make_brand()


@pytest.fixture
def sender(brand: Brand) -> Sender:
    return make_sender(brand)


def _codes(brand: Brand, sender: Sender) -> set[str]:
    return {problem.code for problem in problems(brand, sender, None)}


def test_a_complete_brand_has_no_problem(brand: Brand, sender: Sender) -> None:
    assert _codes(brand, sender) == set()


@pytest.mark.parametrize("from_email", ["not an address", "a@b\r\nBcc: c@d.example"])
def test_a_from_that_cannot_be_written_is_found(brand: Brand, sender: Sender, from_email: str) -> None:
    sender.from_email = from_email
    assert _codes(brand, sender) == {"unwritable"}


def test_links_begin_with_https_as_soon_as_mail_leaves_this_machine(brand: Brand, sender: Sender) -> None:
    brand.public_base_url = "http://links.acme.example"
    assert _codes(brand, sender) == set()
    account = ProviderAccount.objects.create(name="relay", kind="smtp", config={"host": "relay.example"})
    assert _codes(brand, sender) == {"not_https"}
    account.kind, account.config = "mailbox", {}
    account.save()
    assert _codes(brand, sender) == set()


def test_links_lead_to_a_name_this_server_answers_to(
    brand: Brand, sender: Sender, settings: pytest.FixtureRequest
) -> None:
    settings.ALLOWED_HOSTS = ["mail.acme.example"]  # type: ignore[attr-defined]
    brand.public_base_url = "https://links.acme.example"
    assert _codes(brand, sender) == {"unknown_host"}
    brand.public_base_url = "https://mail.acme.example"
    assert _codes(brand, sender) == set()
