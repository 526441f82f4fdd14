"""Settings: people who sign in, and their roles."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.forms import ChangePersonForm, NewPersonForm
from compliance.roles import ROLES
from compliance.services.people import PROGRAMS, add_person, change_person, new_password
from config.lib import public_ids
from config.pages.filters import Choice, Words
from config.pages.forms import FormPage
from config.pages.lists import Column, Empty, ListPage
from config.pages.views import Action, Page, find

_NEW = Action(gettext_lazy("Add somebody"), reverse_lazy("settings:person-new"), "auth.add_user")
_CRUMBS = ((gettext_lazy("People"), reverse_lazy("settings:people")),)


def _people() -> QuerySet[User]:
    return User.objects.exclude(username__startswith=PROGRAMS)


def _named(rows: QuerySet[User], words: str) -> QuerySet[User]:
    fields = ("username", "first_name", "last_name", "email")
    return rows.filter(Q(*((f"{name}__icontains", words) for name in fields), _connector=Q.OR))


def _roles(person: User) -> str:
    if person.is_superuser:
        return _("everything")
    return ", ".join(sorted(group.name for group in person.groups.all()))


def _state(person: User) -> str:
    return "active" if person.is_active else "off"


class People(ListPage):
    """Everybody with a name to sign in with."""

    needs = {"GET": "auth.view_user"}
    name, kind = "people", "user"
    noun = (gettext_lazy("person"), gettext_lazy("people"))
    title = gettext_lazy("People")
    sentence = gettext_lazy("Who works here, and what each may do by their roles.")
    primary = _NEW
    columns = (
        Column("username", gettext_lazy("Name"), lambda person: person.get_full_name() or person.username,
               sort="username", under=lambda person: person.email),
        Column("roles", gettext_lazy("Roles"), _roles),
        Column("state", gettext_lazy("May sign in"), _state, kind="state"),
        Column("last_login", gettext_lazy("Last here"), kind="ago", sort="last_login", nullable=True),
        Column("date_joined", gettext_lazy("Since"), kind="ago", sort="date_joined", shown=False),
    )  # fmt: skip
    filters = (
        Words("q", gettext_lazy("Name or e-mail"), _named),
        Choice("role", gettext_lazy("Role"), [(role, role) for role in ROLES], "groups__name"),
    )
    default_sort = "username"
    empty = Empty(gettext_lazy("Nobody yet"), gettext_lazy("Add those who work with you."), _NEW, icon="user")

    def rows(self) -> QuerySet[User]:
        return _people().prefetch_related("groups")

    def url_of(self, row: User) -> str:
        return reverse("settings:person", args=[public_ids.encode("user", row.pk)])


class NewPerson(FormPage):
    needs = {"GET": "auth.add_user", "POST": "auth.add_user"}
    form_class = NewPersonForm
    title = gettext_lazy("Add somebody")
    crumbs = _CRUMBS
    submit = gettext_lazy("Add them")

    def save(self, form: Any) -> HttpResponse:
        person, password = add_person(**form.cleaned_data, by=self.request.user.pk)
        return _shown_once(self, person, password)


class ChangePerson(FormPage):
    needs = {"GET": "auth.view_user", "POST": "auth.change_user"}
    form_class = ChangePersonForm
    template_name = "compliance/person.html"
    crumbs = _CRUMBS
    menu = (Action(gettext_lazy("New password"), "", "auth.change_user", "key", dialog="password"),)

    def form_kwargs(self) -> dict[str, Any]:
        self.person = person = find(_people(), "user", self.kwargs["public_id"])
        self.title = person.get_full_name() or person.username
        self.sentence = _("Signs in as %(name)s.") % {"name": person.username}
        self.chip = None if person.is_active else ("off", "")
        fields = ("first_name", "last_name", "email", "is_active")
        roles = [group.name for group in person.groups.all()]
        return {"initial": {**{name: getattr(person, name) for name in fields}, "roles": roles}}

    def save(self, form: Any) -> HttpResponse:
        change_person(self.person, **form.cleaned_data, by=self.request.user.pk)
        return self.done(_("Saved."), reverse("settings:people"))


class NewPassword(Page):
    """A first password anew, for somebody who has lost theirs."""

    needs = {"POST": "auth.change_user"}
    crumbs = _CRUMBS

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        person = find(_people(), "user", public_id)
        return _shown_once(self, person, new_password(person, by=request.user.pk))


def _shown_once(page: Page, person: User, password: str) -> HttpResponse:
    page.title = _("Hand on this password")
    return page.render("compliance/password_made.html", person=person, password=password)
