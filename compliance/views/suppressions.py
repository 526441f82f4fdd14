"""Trust: whom nothing is sent to, why, and who says so. Suppressions hold no address, only its hash."""

from collections.abc import Iterable
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.forms_trust import FindForm, LiftForm, SuppressForm
from compliance.models import Brand, Reason, Scope, Suppression
from compliance.services.lifting import WISHES, lift_by_hand, of_address
from compliance.services.suppressions import suppress_email
from compliance.words import in_words, source_in_words
from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import Conflict
from config.pages.filters import Choice
from config.pages.forms import FormPage
from config.pages.lists import Column, Empty, ListPage
from config.pages.views import Action, find
from segments.models import Contact, ContactList

KIND = "suppression"
READ, WRITE = "suppressions:read", "suppressions:write"
_NEW = Action(gettext_lazy("Suppress an address"), reverse_lazy("trust:suppress"), WRITE)
_IMPORT = Action(gettext_lazy("Import a file"), reverse_lazy("trust:import"), WRITE, icon="import")
_CRUMBS = ((gettext_lazy("Suppressions"), reverse_lazy("trust:suppressions")),)
_SCOPES = [(Scope.GLOBAL, gettext_lazy("All mail")), (Scope.BRAND, gettext_lazy("One brand")),
           (Scope.LIST, gettext_lazy("One list"))]  # fmt: skip


def reach(row: Any) -> str:
    """How far it reaches, in words."""
    if row.scope == Scope.GLOBAL:
        return _("All mail")
    if row.scope == Scope.BRAND:
        return _("Mail of %(brand)s") % {"brand": row.brand or "–"}
    return _("The list %(list)s") % {"list": row.list or "–"}


class Suppressions(ListPage):
    """All of them, and those of one address."""

    needs = {"GET": READ, "POST": READ}
    template_name = "compliance/suppressions.html"
    name, kind = "suppressions", KIND
    noun = (gettext_lazy("suppression"), gettext_lazy("suppressions"))
    title = gettext_lazy("Suppressions")
    sentence = gettext_lazy("Addresses nothing is sent to. Each campaign asks here before each message.")
    primary = _NEW
    menu = (_IMPORT,)
    columns = (
        Column("email", gettext_lazy("Address"), lambda row: row.email or _("Of nobody here")),
        Column("reason", gettext_lazy("Why"), lambda row: in_words(row.reason)),
        Column("scope", gettext_lazy("How far"), reach),
        Column("source", gettext_lazy("How it came"), lambda row: source_in_words(row.source)),
        Column("created_at", gettext_lazy("Since"), kind="ago"),
    )
    filters = (
        Choice("reason", gettext_lazy("Any reason"), [(one, in_words(one)) for one in Reason]),
        Choice("scope", gettext_lazy("Any reach"), _SCOPES),
    )
    empty = Empty(
        gettext_lazy("Nobody is suppressed"),
        gettext_lazy("Who unsubscribes, complains or bounces appears here by itself, at once."), _NEW, icon="ban",
    )  # fmt: skip
    search: FindForm | None = None
    found: list[tuple[str, dict[str, Any]]] | None = None

    def rows(self) -> QuerySet[Suppression]:
        return with_names(Suppression.objects.all())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What holds for one exact address; it stands in no log, since it is not in the address of the page."""
        self.search = FindForm(request.POST)
        if self.search.is_valid():
            rows = of_address(self.search.cleaned_data["email"])
            self.found = [(public_ids.encode(KIND, row.pk), _told(row)) for row in _named(rows)]
        response = self.get(request)
        response.status_code = 422 if self.search.errors else 200
        return response

    def context(self, rows: list[Any]) -> dict[str, Any]:
        search = self.search or FindForm()
        looked = search.cleaned_data["email"] if self.found is not None else ""
        return {"search": search, "found": self.found, "looked_for": looked}


class Suppress(FormPage):
    """Write no more to an address, whoever's it is."""

    needs = {"GET": WRITE, "POST": WRITE}
    form_class = SuppressForm
    title = gettext_lazy("Suppress an address")
    sentence = gettext_lazy("Nothing more goes out to it, at once. What is on its way already is waited for.")
    crumbs = _CRUMBS
    submit = gettext_lazy("Suppress it")

    def save(self, form: Any) -> HttpResponse:
        given, scope = form.cleaned_data, Scope(form.cleaned_data["scope"])
        is_new = suppress_email(
            given["email"], scope=scope, scope_id=form.scope_id, reason=Reason.MANUAL, source="pages",
            at=timezone.now(), actor_id=self.request.user.pk, note=given["note"],
        )  # fmt: skip
        audit(self.request, "address_suppressed", KIND, None, {"scope": scope, "is_new": is_new})
        words = _("The address is suppressed.") if is_new else _("It was suppressed already.")
        return self.done(words, reverse("trust:suppressions"))


class Lift(FormPage):
    """Let an address have mail again: reached from what was found for it, with the address in the form."""

    needs = {"GET": WRITE, "POST": WRITE}
    form_class = LiftForm
    template_name = "compliance/lift.html"
    title = gettext_lazy("Lift a suppression")
    crumbs = _CRUMBS
    submit = gettext_lazy("Lift it")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("trust:suppressions")  # without the address there is nothing to lift

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.row = find(with_names(Suppression.objects.all()), KIND, self.kwargs["public_id"])
        self.sentence = f"{in_words(self.row.reason)} · {reach(self.row)}"
        if "note" not in request.POST:  # only now one comes to it
            return self.show(LiftForm(initial={"email": request.POST.get("email", "")[:320]}))
        return super().post(request, *args, **kwargs)

    def show(self, form: Any, status: int = 200) -> HttpResponse:
        return self.render(form=form, row=self.row, never=self.row.reason == Reason.ERASED,
                           needs_wish=self.row.reason in WISHES, status=status)  # fmt: skip

    def save(self, form: Any) -> HttpResponse:
        """Raises what lifting raises."""
        given = form.cleaned_data
        if self.row.pk not in {row.pk for row in of_address(given["email"])}:
            raise Conflict(_("It is not of this address, or is gone already."))
        lift_by_hand(
            self.row, given["email"], asked_on=given["asked_on"], note=given["note"], at=timezone.now(),
            actor_id=self.request.user.pk,
        )  # fmt: skip
        audit(self.request, "suppression_lifted", KIND, None, {"scope": self.row.scope, "reason": self.row.reason})
        return self.done(_("It is lifted. They get mail again where nothing else forbids it."),
                         reverse("trust:suppressions"))  # fmt: skip


def with_names(rows: QuerySet[Suppression]) -> QuerySet[Suppression]:
    """With what a page says of each: `email` of a contact here, and `brand` or `list` that it reaches."""
    contacts = Contact.objects.filter(email_key=OuterRef("address_key")).values("email")[:1]
    brands = Brand.objects.filter(pk=OuterRef("scope_id")).values("name")[:1]
    lists = ContactList.objects.filter(pk=OuterRef("scope_id")).values("name")[:1]
    return rows.annotate(email=Subquery(contacts), brand=Subquery(brands), list=Subquery(lists))


def _told(row: Suppression) -> dict[str, Any]:
    return {"words": in_words(row.reason), "reached": reach(row), "came": source_in_words(row.source),
            "created_at": row.created_at}  # fmt: skip


def _named(rows: Iterable[Suppression]) -> QuerySet[Suppression]:
    return with_names(Suppression.objects.filter(pk__in=[row.pk for row in rows])).order_by("-pk")
