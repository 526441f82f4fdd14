"""Every address of the server: each app answers for its own."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from config import health
from config.demo.views import Demo

urlpatterns = [
    path("", include("analytics.urls")),
    path("", include("config.pages.urls")),
    path("demo", Demo.as_view(), name="demo"),
    path("settings/", include("compliance.urls_settings")),
    path("settings/", include("delivery.urls_accounts")),
    path("settings/", include("segments.urls_keys")),
    path("audience/", include("segments.urls_pages")),
    path("results/", include("analytics.urls_exports")),
    path("", include("campaigns.urls_pages")),
    path("audience/", include("segments.urls_segments")),
    path("content/", include("delivery.urls_content")),
    path("content/", include("templates.urls_pages")),
    path("favicon.ico", RedirectView.as_view(url=static("favicon.svg"))),
    path("delivery/", include("campaigns.urls_sending")),
    path("trust/", include("compliance.urls_trust")),
    path("admin/", admin.site.urls),
    path("api/", include("config.api_urls")),
    path("u/", include("compliance.urls")),
    path("v1/", include("segments.urls_events")),
    path("mailbox/", include("delivery.urls")),
    path("i/", include("templates.urls_images")),
    path("", include("delivery.urls_tracking")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]
handler400 = "config.pages.errors.unreadable"
handler403 = "config.pages.errors.denied"
handler404 = "config.pages.errors.not_found"
handler500 = "config.pages.errors.defect"
