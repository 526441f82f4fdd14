"""The card on Home that offers demo data to an empty installation, and shows how they come."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from config.api.auditing import audit
from config.demo import loading
from config.demo.tasks import load_demo
from config.lib.errors import Conflict
from config.pages.access import SIGNED_IN
from config.pages.views import Page

_NEED = "compliance.add_brand"


class Demo(Page):
    """A piece of Home; an empty answer when there is nothing to offer or to show."""

    needs = {"GET": SIGNED_IN, "POST": _NEED}
    template_name = "demo/card.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        if loading.is_loading():
            return self.render(stages=list(loading.stages()))
        if request.GET.get("watching"):
            return HttpResponse(headers={"HX-Redirect": reverse("home")})
        return self.render() if self.may(_NEED) and loading.offered() else HttpResponse()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Raises Conflict when there are data already."""
        if not loading.offered():
            raise Conflict(_("This installation has data already: demo data would mix with them."))
        loading.begin()
        audit(request, "demo_loaded", "deployment", None)
        load_demo.delay()
        return self.get(request)
