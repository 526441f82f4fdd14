"""Brands, senders, suppressions, keys of the API and the audit log for operators."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect

from compliance.models import (
    ApiKey,
    AuditEntry,
    Brand,
    Reason,
    Scope,
    Sender,
    Suppression,
    SuppressionEvent,
)
from compliance.services.keys import create_key, revoke_key
from compliance.services.suppressions import suppress_email
from config.api.scopes import SCOPES
from config.lib.addresses import InvalidAddress, address_hashes, normalise_email
from config.lib.admin import ReadOnlyAdmin


class SenderInline(admin.TabularInline[Sender, Brand]):
    model = Sender
    extra = 0


@admin.register(Brand)
class BrandAdmin(admin.ModelAdmin[Brand]):
    list_display = ["name", "legal_name", "public_base_url", "archived_at"]
    search_fields = ["name", "legal_name"]
    inlines = [SenderInline]


@admin.register(Sender)
class SenderAdmin(admin.ModelAdmin[Sender]):
    list_display = ["from_name", "from_email", "brand", "archived_at"]
    list_filter = ["brand"]
    search_fields = ["from_name", "from_email"]


class SuppressionForm(forms.ModelForm[Suppression]):
    """Adds by address: only its hash is kept."""

    email = forms.CharField(max_length=320, help_text="Only a keyed hash of it is stored")
    note = forms.CharField(max_length=255, required=False, help_text="Why, for the log")

    class Meta:
        model = Suppression
        fields = ["scope", "scope_id"]

    def clean_email(self) -> str:
        return _clean_email(self.cleaned_data["email"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (cleaned.get("scope") == Scope.GLOBAL) != (cleaned.get("scope_id") == 0):
            self.add_error("scope_id", "The id of the list or brand; 0 for global.")
        return cleaned


@admin.register(Suppression)
class SuppressionAdmin(admin.ModelAdmin[Suppression]):
    """What holds now. Laid here by address; lifted by `manage.py suppress lift`, with the person's wish as its note."""

    form = SuppressionForm
    list_display = ["created_at", "reason", "scope", "scope_id", "channel", "source"]
    list_filter = ["reason", "scope", "channel", "source"]
    search_fields = ["email"]
    search_help_text = "A whole address: it is looked up by its hash"
    date_hierarchy = "created_at"

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        if not search_term:
            return queryset, False
        try:
            email = normalise_email(search_term)
        except InvalidAddress as error:
            self.message_user(request, error.detail, messages.WARNING)
            return queryset.none(), False
        return queryset.filter(address_key__in=[address.key for address in address_hashes(email)]), False

    @method_decorator(csrf_protect)
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Not in Django's transaction around the save: an opt-out waits for what is in flight after its own commit."""
        # Django's own, without its atomic(); the stubs do not know it
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        data = form.cleaned_data
        suppress_email(
            data["email"], scope=Scope(data["scope"]), scope_id=data["scope_id"], reason=Reason.MANUAL, source="admin",
            at=timezone.now(), actor_id=request.user.pk, note=data["note"],
        )  # fmt: skip

    def response_add(self, request: HttpRequest, obj: Suppression, post_url_continue: str | None = None) -> Any:
        self.message_user(request, "Suppressed. Nothing more goes to this address in this scope.", messages.SUCCESS)
        return self.response_post_save_add(request, obj)

    def log_addition(self, request: HttpRequest, obj: Suppression, message: Any) -> Any:
        """The suppression log already holds it, with the actor."""

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return False


@admin.register(SuppressionEvent)
class SuppressionEventAdmin(ReadOnlyAdmin[SuppressionEvent]):
    list_display = ["at", "action", "reason", "scope", "scope_id", "source", "contact_id", "actor_id", "note"]
    list_filter = ["action", "reason", "scope", "source"]
    date_hierarchy = "at"


def _clean_email(value: str) -> str:
    try:
        return normalise_email(value)
    except InvalidAddress as error:
        raise forms.ValidationError(error.detail) from None


class ApiKeyForm(forms.ModelForm[ApiKey]):
    """A new key. A person without all rights makes none for somebody who has them."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES], widget=forms.CheckboxSelectMultiple,
        help_text="What it may do, within what its owner's roles allow",
    )  # fmt: skip

    class Meta:
        model = ApiKey
        fields = ["name", "owner", "scopes", "expires_at"]


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin[ApiKey]):
    """Keys of the API: the text is shown once, when it is made; later a key can only be revoked."""

    form = ApiKeyForm
    list_display = ["name", "prefix", "owner", "created_at", "last_used_at", "expires_at", "revoked_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "prefix"]
    actions = ["revoke"]

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **options: Any) -> Any:
        if db_field.name == "owner" and request and not cast(User, request.user).is_superuser:
            options["queryset"] = User.objects.filter(is_superuser=False)
        return super().formfield_for_foreignkey(db_field, request, **options)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        data = form.cleaned_data
        key, text = create_key(
            name=data["name"], owner=data["owner"], scopes=data["scopes"], expires_at=data["expires_at"]
        )
        obj.pk, obj._state.adding = key.pk, False  # noqa: SLF001 - the service made the row of this form
        self.message_user(request, f"Copy the key now, it is never shown again: {text}", messages.WARNING)

    @admin.action(description="Revoke the selected keys", permissions=["delete"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        done = sum(revoke_key(key, at=timezone.now(), actor_id=request.user.pk) for key in queryset)
        self.message_user(request, f"{done} revoked.", messages.SUCCESS)

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    """Who changed what through the API, and who made or revoked keys."""

    list_display = ["at", "action", "object_kind", "object_id", "actor_id", "api_key_id", "changes", "request_id", "ip"]
    list_filter = ["action", "object_kind"]
    search_fields = ["=request_id"]
    date_hierarchy = "at"
