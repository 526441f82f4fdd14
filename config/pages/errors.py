"""Pages for what went wrong: in words, with an id to ask about and a way back."""

from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from config.pages.views import came_from, toasted

_GIVEN_BACK = 20_000_000  # bytes


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request, 404, _("There is nothing here"), _("It may have been deleted, or the address is not complete.")
    )


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What no view got to see. A form that is too large shows what was typed, so that nobody has to write it again."""
    if not isinstance(exception, RequestDataTooBig):
        return _page(request, 400, _("That could not be read"), _("Go back, load the page anew and try it once more."))
    most = filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)
    detail = _("A form may hold %(most)s. Nothing was saved: go back and make it shorter.") % {"most": most}
    if request.headers.get("HX-Request") == "true":
        return toasted(HttpResponse(status=413), detail, "error")
    return _page(request, 413, _("This is too long"), detail, typed=_typed(request))


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """The texts of a form that was too large, as far as one can give them back."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if request.content_type != "application/x-www-form-urlencoded" or length > _GIVEN_BACK:
        return []
    try:
        fields = QueryDict(request.read(length))
    except (SuspiciousOperation, OSError):
        return []
    hidden = ("csrfmiddlewaretoken", "version")
    return [(name, text) for name, texts in fields.lists() if name not in hidden and "password" not in name
            for text in texts if text]  # fmt: skip


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


def _page(
    request: HttpRequest,
    status: int,
    title: str,
    detail: str,
    *,
    kept: bool = False,
    typed: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    context = {
        "title": title, "detail": detail, "request_id": getattr(request, "request_id", ""), "kept": kept,
        "back": came_from(request), "typed": typed,
    }  # fmt: skip
    return render(request, "pages/wrong.html", context, status=status)
