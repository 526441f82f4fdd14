"""The addresses of the API: each app answers for its own below /api/v1/."""

from django.urls import include, path, re_path

from config.api.docs import Docs, Schema
from config.api.errors import not_found

urlpatterns = [
    path("v1/", include("segments.api.urls")),
    path("v1/", include("templates.api.urls")),
    path("v1/", include("compliance.api.urls")),
    path("v1/", include("delivery.api.urls")),
    path("v1/", include("campaigns.api.urls")),
    path("v1/", include("analytics.api.urls")),
    path("schema", Schema.as_view(), name="api_schema"),
    path("docs", Docs.as_view(), name="api_docs"),
    re_path("", not_found),
]
