"""Signing in, with a limit on guesses, out, and to a new password."""

import hashlib
from typing import Any

from django.contrib.auth import update_session_auth_hash, views
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from redis.exceptions import RedisError

from config.api.throttles import address_of
from config.pages.access import SIGNED_IN
from config.pages.forms import Dressed, FormPage

GUESSES = 10  # wrong ones for one name, or from one network address, until it must wait
WAIT_S = 15 * 60


class SignInForm(Dressed, AuthenticationForm):
    """Name and password. After too many wrong ones nothing is looked at, so that waiting tells nothing either."""

    def clean(self) -> dict[str, Any]:
        names = _counters(self.request, self.cleaned_data.get("username", ""))
        if any(_count(name) >= GUESSES for name in names):
            detail = _("Too many wrong passwords. Wait %(minutes)d minutes, then try again.")
            raise ValidationError(detail % {"minutes": WAIT_S // 60}, code="throttled")
        try:
            return super().clean()
        except ValidationError:
            for name in names:
                _add(name)
            raise

    def get_invalid_login_error(self) -> ValidationError:
        return ValidationError(_("Name and password do not go together. Both mind capitals."), code="invalid_login")


class SignIn(views.LoginView):
    template_name = "pages/sign_in.html"
    authentication_form = SignInForm
    next_page = "home"
    redirect_authenticated_user = True


class SignOut(views.LogoutView):
    next_page = "sign-in"


class _PasswordForm(Dressed, PasswordChangeForm):
    pass


class Password(FormPage):
    """A new password for oneself."""

    needs = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    title = gettext_lazy("Password")
    sentence = gettext_lazy("A new one signs you out everywhere else.")
    form_class = _PasswordForm
    submit = gettext_lazy("Change the password")

    def form_kwargs(self) -> dict[str, Any]:
        return {"user": self.request.user}

    def form(self, **kwargs: Any) -> Any:
        kwargs.pop("files", None)
        return super().form(**kwargs)

    def save(self, form: Any) -> HttpResponse:
        update_session_auth_hash(self.request, form.save())
        return self.done(_("Your password is changed."), str(reverse_lazy("password")))


def _counters(request: HttpRequest | None, name: str) -> list[str]:
    address = address_of(request) if request else ""
    counted = (("name", name.casefold()), ("from", address or ""))
    return [f"sign-in:{what}:{hashlib.sha256(value.encode()).hexdigest()}" for what, value in counted]


def _count(name: str) -> int:
    try:
        return int(cache.get(name) or 0)
    except RedisError:  # the limit protects, the password decides
        return 0


def _add(name: str) -> None:
    try:
        cache.add(name, 0, timeout=WAIT_S)
        cache.incr(name)
    except (RedisError, ValueError):  # ValueError: it ran out in between
        return
