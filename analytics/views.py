"""Home: what is going on now."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analytics.dashboard import dashboard
from config.pages.access import SIGNED_IN
from config.pages.views import Page


class Home(Page):
    """What is being sent, what needs somebody, and how it went lately."""

    needs = {"GET": SIGNED_IN}
    template_name = "analytics/home.html"
    title = _("Home")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(now=dashboard(at=timezone.now()))
