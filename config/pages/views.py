"""The base of every page: who may, what it is called, and what happens when something cannot be done."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django_stubs_ext import StrOrPromise

from config.lib import public_ids
from config.lib.errors import DomainError, NotFound
from config.pages.access import allows

M = TypeVar("M", bound=Model)
Need = str | tuple[str, ...]


@dataclass(frozen=True)
class Action:
    """Something to do from the head of a page; shown to those who may. `dialog`: the id of a dialog it opens."""

    label: StrOrPromise
    url: StrOrPromise = ""
    need: Need = ()
    icon: str = ""
    dialog: str = ""


@dataclass(frozen=True)
class Tab:
    """A tab of a detail page: a link, so that it can be sent to somebody."""

    label: StrOrPromise
    url: StrOrPromise
    here: bool = False
    count: int | None = None


class Page(View):
    """`needs` names what each method needs (a scope, a permission, or access.SIGNED_IN); what is not named is denied.

    Templates get the view as `page`: title, sentence, crumbs, primary, menu, tabs, chip.
    """

    needs: ClassVar[Mapping[str, Need]] = {}
    template_name = ""
    title: StrOrPromise = ""
    sentence: StrOrPromise = ""
    crumbs: Sequence[tuple[StrOrPromise, StrOrPromise]] = ()
    primary: Action | None = None
    menu: Sequence[Action] = ()
    tabs: Sequence[Tab] = ()
    chip: tuple[str, StrOrPromise] | None = None  # (state, words) of config/pages/states.py

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Raises PermissionDenied and Http404, which have pages of their own."""
        if not request.user.is_authenticated:
            return sign_in_first(request)
        method = "GET" if request.method == "HEAD" else str(request.method)
        if getattr(self, method.lower(), None) is None:
            return self.http_method_not_allowed(request, *args, **kwargs)
        need = self.needs.get(method)
        if need is None or not allows(request.user, need):
            raise PermissionDenied
        try:
            response = super().dispatch(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.detail) from error
        except DomainError as error:
            response = self.refuse(error)
        add_never_cache_headers(response)
        return response

    @property
    def htmx(self) -> bool:
        """Whether a piece of a page is asked for."""
        return self.request.headers.get("HX-Request") == "true"

    def render(self, template_name: str = "", *, status: int = 200, **context: Any) -> HttpResponse:
        return render(self.request, template_name or self.template_name, {"page": self, **context}, status=status)

    def may(self, need: Need) -> bool:
        return allows(self.request.user, need)

    def refuse(self, error: DomainError) -> HttpResponse:
        """What cannot be done, said in a toast over the page it was tried on, or on a page by itself."""
        if self.htmx:
            return toasted(HttpResponse(status=error.status), error.detail, "error")
        if self.request.method in ("GET", "HEAD"):
            return self.render("pages/refused.html", status=error.status, detail=error.detail)
        messages.error(self.request, error.detail)
        return redirect(came_from(self.request) or "home")

    def done(self, text: StrOrPromise, to: str, *, undo: str = "") -> HttpResponse:
        """Go on to an address and say there what was done. `undo`: an address that takes it back by POST."""
        messages.success(self.request, text, extra_tags=undo)
        if self.htmx:
            return HttpResponse(headers={"HX-Redirect": to})
        return redirect(to)


def find(rows: QuerySet[M], kind: str, public_id: str) -> M:
    """The row with this public id. Raises NotFound, the same for an id of another kind and one that is gone."""
    found = rows.filter(pk=public_ids.decode(kind, public_id)).first()
    if found is None:
        raise NotFound
    return found


def toasted(response: HttpResponse, text: StrOrPromise, level: str = "success") -> HttpResponse:
    """An answer to htmx that also says something in a toast."""
    response["HX-Trigger"] = json.dumps({"toast": {"text": str(text), "level": level}})
    return response


def came_from(request: HttpRequest) -> str:
    """The page of ours a request was sent from, or nothing."""
    address = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back; what was being sent is kept by the browser meanwhile (front/modules/keeping.js)."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"X-Sign-In": reverse("sign-in")})
    asked = QueryDict(mutable=True)
    if request.method in ("GET", "HEAD"):
        asked["next"] = request.get_full_path()
    else:
        asked.update({"next": came_from(request) or reverse("home"), "kept": "1"})
    return redirect(f"{reverse('sign-in')}?{asked.urlencode(safe='/')}")
