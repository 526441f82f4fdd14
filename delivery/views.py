"""The local mailbox as a page: for testers with a role, and never in production."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from delivery.mailbox import reading
from delivery.mailbox.store import Mailbox

_TABS = (("html", "HTML"), ("text", "Text"), ("headers", "Headers"), ("source", "Source"))
# Nothing runs, nothing is sent anywhere, and the page around it is out of reach (STANDARDS B8.10); a link opens a tab.
_FRAME_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src 'self' https: data:; font-src https: data:; frame-ancestors 'self'"
)
P = ParamSpec("P")


def local_only(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Somebody else's mail is on these pages: staff alone may look, and production has no such page."""
    for_staff = never_cache(staff_member_required(view))

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if settings.PRODUCTION:
            raise Http404
        return for_staff(request, *args, **kwargs)

    return require_safe(guarded)


@local_only
def inbox(request: HttpRequest) -> HttpResponse:
    """The list, the newest first."""
    words = request.GET.get("q", "")
    asked = request.GET.get("page", "1")
    page = _mailbox().page(int(asked) if asked.isdecimal() else 1, words=words)
    return render(request, "delivery/mailbox_list.html", {"page": page, "words": words, "site": _site()})


@local_only
def mail(request: HttpRequest, key: str) -> HttpResponse:
    """One mail, in one of its four views."""
    summary, content = _mailbox().summary(key), reading.read(_raw(key))
    tabs = [(name, label) for name, label in _TABS if name != "html" or content.html]
    tab = request.GET.get("view", "")
    context = {
        "mail": summary,
        "content": content,
        "tabs": tabs,
        "tab": tab if tab in dict(tabs) else tabs[0][0],
    }
    return render(request, "delivery/mailbox_mail.html", context)


@xframe_options_sameorigin
@local_only
def frame(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML part, as it came, in a box that it cannot leave."""
    headers = {"Content-Security-Policy": _FRAME_POLICY, "Referrer-Policy": "no-referrer"}
    return HttpResponse('<base target="_blank">' + reading.html_of(_raw(key)), headers=headers)


@local_only
def download(request: HttpRequest, key: str) -> HttpResponse:
    """The mail as a file that a mail program opens."""
    headers = {"Content-Disposition": f'attachment; filename="{key}.eml"'}
    return HttpResponse(_raw(key), content_type="message/rfc822", headers=headers)


def _mailbox() -> Mailbox:
    return Mailbox(settings.MAILBOX_DIR)


def _raw(key: str) -> bytes:
    raw = _mailbox().raw(key)
    if raw is None:
        raise Http404("There is no such mail")
    return raw


def _site() -> str:
    return f"{settings.MAILBOX_HOST}:{settings.MAILBOX_PORT}"
