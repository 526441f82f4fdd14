"""The ledger, its log, orders and provider accounts for operators. What the product writes is read-only here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from redis.exceptions import RedisError

from config.lib.admin import ReadOnlyAdmin
from config.lib.errors import DomainError, Invalid
from delivery import providers
from delivery.models import (
    DeliveryEvent,
    Hit,
    Judgement,
    Lane,
    MailboxProvider,
    MailDomain,
    Message,
    ProviderAccount,
    SendOrder,
)
from delivery.selectors import throttles
from delivery.services import accounts, mailbox_providers
from delivery.services.test_sends import send_newest_test
from delivery.throttle import levels


class ProviderAccountForm(forms.ModelForm[ProviderAccount]):
    secret = forms.CharField(
        required=False,
        widget=forms.PasswordInput(render_value=False),
        label="Password or key",
        help_text="Stored sealed, never shown; leave blank to keep the one there is",
    )
    kind = forms.ChoiceField(choices=lambda: [(kind, kind) for kind in providers.PROVIDERS.kinds()])
    lanes = forms.MultipleChoiceField(
        choices=Lane.choices, required=False, widget=forms.CheckboxSelectMultiple, help_text="None: every lane"
    )

    class Meta:
        model = ProviderAccount
        fields = [
            "name", "kind", "channel", "config", "secret", "priority", "weight", "lanes", "brands", "rate_per_second",
            "shaping", "cost_per_message", "active",
        ]  # fmt: skip

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # fills self.instance
        if self.errors:
            return
        try:
            accounts.check_account(self.instance, self.cleaned_data.get("secret") or None)
        except Invalid as error:
            for fault in error.errors:
                field, _, inner = fault.pointer.strip("/").partition("/")
                said = f"{inner}: {fault.detail}" if inner else fault.detail
                self.add_error(field if field in self.fields else None, said)
        except DomainError as error:
            self.add_error("secret", error.detail)


@admin.register(ProviderAccount)
class ProviderAccountAdmin(admin.ModelAdmin[ProviderAccount]):
    """Where mail is handed over, in the order in which accounts are used, and whether each works."""

    form = ProviderAccountForm
    list_display = [
        "name", "kind", "priority", "weight", "active", "breaker_state", "reason", "since", "cost_per_message",
    ]  # fmt: skip
    list_editable = ["priority", "weight", "active"]
    list_select_related = ["breaker"]
    ordering = ["priority", "pk"]
    actions = ["close_breakers", "test_through"]

    def save_model(self, request: HttpRequest, obj: ProviderAccount, form: Any, change: bool) -> None:
        accounts.save_account(obj, {}, secret=form.cleaned_data.get("secret") or None)

    def has_delete_permission(self, request: HttpRequest, obj: ProviderAccount | None = None) -> bool:
        return False  # the ledger names it; make it inactive

    @admin.display(description="breaker", ordering="breaker__state")
    def breaker_state(self, row: ProviderAccount) -> str:
        breaker = getattr(row, "breaker", None)
        return breaker.get_state_display() if breaker else "Closed"

    @admin.display
    def reason(self, row: ProviderAccount) -> str:
        breaker = getattr(row, "breaker", None)
        return (breaker.reason if breaker else "") or "-"

    @admin.display
    def since(self, row: ProviderAccount) -> Any:
        breaker = getattr(row, "breaker", None)
        return breaker.changed_at if breaker and breaker.state != breaker.State.CLOSED else None

    @admin.action(description="Use again now: close their breakers", permissions=["change"])
    def close_breakers(self, request: HttpRequest, queryset: QuerySet[ProviderAccount]) -> None:
        closed = sum(accounts.close_breaker(row.pk) for row in queryset)
        self.message_user(request, f"{closed} closed.")

    @admin.action(description="Send me a test through each of them", permissions=["change"])
    def test_through(self, request: HttpRequest, queryset: QuerySet[ProviderAccount]) -> None:
        for row in queryset:
            try:
                send_newest_test(to=getattr(request.user, "email", ""), account_id=row.pk, at=timezone.now())
            except DomainError as error:
                self.message_user(request, f"{row}: {error.detail}", messages.ERROR)
            else:
                self.message_user(request, f"{row}: sent to {getattr(request.user, 'email', '')}.")


@admin.register(SendOrder)
class SendOrderAdmin(ReadOnlyAdmin[SendOrder]):
    list_display = ["id", "campaign_id", "state", "lane", "purpose", "brand", "sender", "created_at", "expires_at"]
    list_filter = ["state", "lane", "purpose", "brand"]
    search_fields = ["=campaign_id"]
    list_select_related = ["brand", "sender"]


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin[Message]):
    list_display = ["id", "order", "contact_id", "state", "reason", "attempt", "due_at", "settled_at"]
    list_filter = ["state", "channel"]
    search_fields = ["=contact_id", "=order__campaign_id"]
    search_help_text = "A contact's or a campaign's id"
    ordering = ["-id"]


@admin.register(DeliveryEvent)
class DeliveryEventAdmin(ReadOnlyAdmin[DeliveryEvent]):
    list_display = ["at", "kind", "message_id", "contact_id", "campaign_id", "attempt", "reason", "detail"]
    list_filter = ["kind", "channel"]
    search_fields = ["=contact_id", "=campaign_id"]
    search_help_text = "A contact's or a campaign's id"
    ordering = ["-at", "-id"]


@admin.register(Hit)
class HitAdmin(ReadOnlyAdmin[Hit]):
    """Opens and clicks as they came, each with the verdict on who made it."""

    list_display = ["at", "kind", "message_id", "contact_id", "campaign_id", "link_id", "network", "verdict"]
    list_filter = ["kind"]
    search_fields = ["=message_id"]
    search_help_text = "A message's id"
    ordering = ["-at", "-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hit]:
        newest = Judgement.objects.filter(hit_id=OuterRef("pk")).order_by("-pk")
        return (
            super()
            .get_queryset(request)
            .annotate(verdict=Subquery(newest.values("verdict")[:1]), rule=Subquery(newest.values("rule")[:1]))
        )

    @admin.display
    def verdict(self, hit: Any) -> str:
        return " by ".join(filter(None, [hit.verdict, hit.rule])) or "-"


class MailboxProviderForm(forms.ModelForm[MailboxProvider]):
    class Meta:
        model = MailboxProvider
        fields = [
            "name", "slug", "domains", "mx_suffixes", "connections", "messages_per_connection", "rate_per_second",
            "requires_tls", "slow_for_minutes",
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            cleaned |= mailbox_providers.checked(self.instance, cleaned)
        except Invalid as error:
            for fault in error.errors:
                field = fault.pointer.strip("/")
                self.add_error(field if field in self.fields else None, fault.detail)
        return cleaned


@admin.register(MailboxProvider)
class MailboxProviderAdmin(admin.ModelAdmin[MailboxProvider]):
    """The limits of those who run the mailboxes; below them what waits for its turn."""

    form = MailboxProviderForm
    list_display = [
        "name", "rate_per_second", "connections", "messages_per_connection", "requires_tls", "slowed_until",
        "slowed_reason",
    ]  # fmt: skip
    readonly_fields = ["is_default", "slowed_until", "slowed_reason"]
    actions = ["end_slowdown"]
    change_list_template = "admin/delivery/mailboxprovider/change_list.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        try:
            buckets = levels.levels()
        except RedisError:
            buckets = None
        shown = {"waiting": throttles.waiting(), "levels": buckets}
        return super().changelist_view(request, {**(extra_context or {}), **shown})

    def save_model(self, request: HttpRequest, obj: MailboxProvider, form: Any, change: bool) -> None:
        mailbox_providers.save_mailbox_provider(obj, form.cleaned_data)

    def has_delete_permission(self, request: HttpRequest, obj: MailboxProvider | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_default)

    def delete_model(self, request: HttpRequest, obj: MailboxProvider) -> None:
        mailbox_providers.delete_mailbox_provider(obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One by one alone: the default has to stay."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    @admin.action(description="End the slow-down now", permissions=["change"])
    def end_slowdown(self, request: HttpRequest, queryset: QuerySet[MailboxProvider]) -> None:
        for provider in queryset:
            mailbox_providers.end_slowdown(provider)


@admin.register(MailDomain)
class MailDomainAdmin(ReadOnlyAdmin[MailDomain]):
    """Whose each recipient domain is, as DNS last said."""

    list_display = ["domain", "provider", "mx", "checked_at", "slowed_until", "slowed_reason"]
    list_filter = ["provider"]
    search_fields = ["domain__startswith"]
    list_select_related = ["provider"]
