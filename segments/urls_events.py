"""Segment's HTTP API, and the short addresses of its browser library."""

from django.urls import path, re_path

from segments import views_events

app_name = "events"
_KINDS = "identify|track|page|screen|group|alias|batch|import"
urlpatterns = [
    re_path(rf"^(?P<kind>{_KINDS}|t|p|i|g|a|s|b|m)/?$", views_events.receive, name="receive"),
    path("projects/<str:key>/settings", views_events.settings, name="settings"),
]
