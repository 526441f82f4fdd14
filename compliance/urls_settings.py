"""Settings: brands, people, keys."""

from django.urls import path

from compliance.views.keys import Keys, NewKey

app_name = "settings"
urlpatterns = [
    path("keys", Keys.as_view(), name="keys"),
    path("keys/new", NewKey.as_view(), name="key-new"),
]
