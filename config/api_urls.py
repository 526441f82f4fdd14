"""The addresses of the API: each app answers for its own below /api/v1/."""

from django.urls import include, path, re_path

from config.api.errors import not_found

urlpatterns = [
    path("v1/", include("segments.api.urls")),
    path("v1/", include("templates.api.urls")),
    path("v1/", include("compliance.api.urls")),
    path("v1/", include("campaigns.api.urls")),
    re_path("", not_found),
]
