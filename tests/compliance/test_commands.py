"""What operators do on the command line."""

import pytest
from django.core.management import CommandError, call_command

from compliance.models import Brand, Sender, Suppression, SuppressionEvent
from tests.factories.compliance import make_brand

pytestmark = pytest.mark.django_db


def test_a_brand_is_made_and_completed(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("brand", "Acme", "--from", "Acme News <News@Acme.example>")
    assert "still missing: Give Acme its legal name." in capsys.readouterr().out
    call_command("brand", "Acme", "--legal-name", "Acme Ltd", "--postal-address", "1 Main St",
                 "--return-path-domain", "BÜCHER.example", "--from", "Acme News <news@acme.example>")  # fmt: skip
    assert "missing" not in capsys.readouterr().out
    assert Brand.objects.get().return_path_domain == "xn--bcher-kva.example"
    assert list(Sender.objects.values_list("from_email", flat=True)) == ["news@acme.example"]


def test_a_sender_without_a_name_is_refused() -> None:
    with pytest.raises(CommandError, match="is written as"):
        call_command("brand", "Acme", "--from", "news@acme.example")


def test_add_show_and_lift(capsys: pytest.CaptureFixture[str]) -> None:
    brand = make_brand()
    scope = ["--scope", "brand", "--scope-id", str(brand.pk)]
    call_command("suppress", "add", "Ben@Example.com", *scope)
    call_command("suppress", "add", "ben@example.com", *scope)
    assert capsys.readouterr().out.splitlines() == ["Suppressed.", "It was suppressed already."]
    call_command("suppress", "lift", "ben@example.com", *scope, "--reason", "manual", "--note", "asked by phone")
    call_command("suppress", "show", "ben@example.com")
    shown = capsys.readouterr().out
    assert "Lifted." in shown
    assert f"suppressed brand {brand.pk}: manual (command)" in shown
    assert not Suppression.objects.exists()
    assert SuppressionEvent.objects.get(action="lifted").note == "asked by phone"


def test_lifting_one_reason_leaves_the_others() -> None:
    call_command("suppress", "add", "ben@example.com")
    call_command("suppress", "lift", "ben@example.com", "--reason", "unsubscribed", "--note", "x")
    assert Suppression.objects.get().reason == "manual"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "nonsense"], "@"),
        (["add", "ben@example.com", "--scope", "list"], "--scope-id"),
        (["add", "ben@example.com", "--scope-id", "3"], "--scope-id"),
        (["lift", "ben@example.com"], "--note is required"),
    ],
)
def test_bad_input_is_told_with_the_remedy(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("suppress", *arguments)
    assert not Suppression.objects.exists()
