"""The public opt-out: one-click POST for mail programs (RFC 8058), a page with a button for people.

GET, HEAD and OPTIONS change nothing, since scanners open every link (STANDARDS A1.11-12). Nothing here needs a cookie,
a sign-in or a script; the sealed token alone says who and what. Answers never tell a wrong token from an unknown one.
"""

from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from compliance import tokens
from compliance.models import Scope
from compliance.selectors import public_brand
from compliance.services.suppressions import unsubscribe as carry_out
from compliance.tokens import UnsubscribeToken
from config.lib.tokens import InvalidToken
from segments.models import ContactList

_ONE_CLICK = [("List-Unsubscribe", "One-Click")]


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The address in List-Unsubscribe and in the body of each message."""
    if request.method == "POST":
        return _one_click(request, token)
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": "GET, HEAD, POST, OPTIONS"})
    try:
        opened = tokens.read(token)
    except InvalidToken:
        return render(request, "compliance/unsubscribe_invalid.html", status=404)
    return render(request, "compliance/unsubscribe.html", {"token": token, **_names(opened)})


@csrf_exempt
@never_cache
@require_POST
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A person pressed a button on the page; `everything` asks for all mail of the brand to stop."""
    try:
        opened = tokens.read(token)
    except InvalidToken:
        return render(request, "compliance/unsubscribe_invalid.html", status=404)
    everything = request.POST.get("everything") == "1"
    carry_out(opened, source="page", at=timezone.now(), everything=everything)
    return render(request, "compliance/unsubscribed.html", {"token": token, "everything": everything, **_names(opened)})


def _one_click(request: HttpRequest, token: str) -> HttpResponse:
    if not _is_one_click(request):
        return HttpResponse("The body must be List-Unsubscribe=One-Click\n", status=400, content_type="text/plain")
    try:
        opened = tokens.read(token)
    except InvalidToken:
        return HttpResponse(status=200)  # as on success: nothing to learn by guessing (A1.10, A1.16)
    carry_out(opened, source="one_click", at=timezone.now())
    return HttpResponse(status=200)


def _is_one_click(request: HttpRequest) -> bool:
    """Exactly the one pair of RFC 8058, in either encoding, and nothing beside it."""
    if request.content_type == "multipart/form-data":
        pairs = [(name, value) for name, values in request.POST.lists() for value in values]
        return pairs == _ONE_CLICK and not request.FILES
    return parse_qsl(request.body.decode("latin-1").rstrip("\r\n"), keep_blank_values=True) == _ONE_CLICK


def _names(token: UnsubscribeToken) -> dict[str, str | None]:
    brand = public_brand(token.brand_id)
    list_name = None
    if token.scope == Scope.LIST:
        found = ContactList.objects.filter(pk=token.scope_id).first()
        list_name = found.shown_name if found else None
    return {"brand": brand.name or _("this sender"), "accent": brand.accent, "logo": brand.logo, "list": list_name}
