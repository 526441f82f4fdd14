"""Pages for what went wrong: in words, with an id to ask about and a way back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from config.pages.views import came_from


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request, 404, _("There is nothing here"), _("It may have been deleted, or the address is not complete.")
    )


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    detail = _("Your role does not allow it. Somebody with the role “admin” can change that under Settings.")
    return _page(request, 403, _("This is not for you"), detail)


def defect(request: HttpRequest) -> HttpResponse:
    detail = _("Something went wrong on our side, and it is in the log under the id below. Nothing was half done.")
    return _page(request, 500, _("That did not work"), detail)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without this session's token: mostly a page left open over a sign-in in another tab."""
    detail = _("This page was open since before you signed in. Go back to it: what you had typed is there again.")
    return _page(request, 403, _("Please send that once more"), detail, kept=True)


def _page(request: HttpRequest, status: int, title: str, detail: str, *, kept: bool = False) -> HttpResponse:
    context = {
        "title": title, "detail": detail, "request_id": getattr(request, "request_id", ""), "kept": kept,
        "back": came_from(request),
    }  # fmt: skip
    return render(request, "pages/wrong.html", context, status=status)
