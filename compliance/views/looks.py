"""The stylesheet of a colour, for the public pages of brands: the policy of content forbids styles within a page."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from compliance.looks import stylesheet


@require_safe
@cache_control(public=True, max_age=86_400)
def looks(request: HttpRequest, colour: str) -> HttpResponse:
    """Says nothing that is not in its address, so no brand can be learnt from it."""
    return HttpResponse(stylesheet(f"#{colour}"), content_type="text/css; charset=utf-8")
