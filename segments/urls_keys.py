"""Settings: write keys."""

from django.urls import path

from segments.views.write_keys import NewWriteKey, OneWriteKey, WriteKeys

app_name = "write_keys"
urlpatterns = [
    path("write-keys", WriteKeys.as_view(), name="list"),
    path("write-keys/new", NewWriteKey.as_view(), name="new"),
    path("write-keys/<str:public_id>", OneWriteKey.as_view(), name="key"),
]
