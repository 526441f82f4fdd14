"""The public preferences page: which lists to stay on, or none. Like the opt-out it needs no cookie and no script."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from compliance import tokens
from compliance.selectors import public_brand
from compliance.services.preferences import begin_again, choose, preferences, stop_all
from compliance.tokens import UnsubscribeToken
from config.lib.tokens import InvalidToken


@csrf_exempt  # the sealed token is the authority; there is no cookie that could be misused
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, token: str) -> HttpResponse:
    """What somebody gets; GET changes nothing, since scanners open every link."""
    try:
        opened = tokens.read(token)
    except InvalidToken:
        return render(request, "compliance/unsubscribe_invalid.html", status=404)
    if request.method == "POST":
        _carry_out(request, opened)
        return HttpResponseRedirect(f"{reverse('compliance:preferences', args=[token])}?saved=1", status=303)
    brand = public_brand(opened.brand_id)
    return render(
        request, "compliance/preferences.html",
        {"token": token, "brand": brand.name or _("this sender"), "accent": brand.accent, "logo": brand.logo,
         "now": preferences(opened), "saved": "saved" in request.GET},
    )  # fmt: skip


def _carry_out(request: HttpRequest, token: UnsubscribeToken) -> None:
    at, given = timezone.now(), request.POST
    if given.get("stop") == "1":
        stop_all(token, at=at)
    elif given.get("return") == "1":
        begin_again(token, at=at)
    else:
        choose(token, shown=given.getlist("shown"), stay=given.getlist("stay"), at=at)
