"""The schema, and a page to read and try it: scripts and styles from our own origin, within the strict CSP."""

from django.views.generic import TemplateView
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import AllowAny


class Schema(SpectacularJSONAPIView):
    """Public: it says nothing that this code does not."""

    authentication_classes: list[type] = []
    permission_classes = [AllowAny]
    throttle_classes: list[type] = []


class Docs(TemplateView):
    template_name = "api/docs.html"
