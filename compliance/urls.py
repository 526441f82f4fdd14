from django.urls import path, re_path

from compliance.views import preferences
from compliance.views import unsubscribing as views
from compliance.views.looks import looks

app_name = "compliance"
urlpatterns = [
    re_path(r"^looks/(?P<colour>[0-9a-f]{6})\.css$", looks, name="looks"),
    # No trailing slashes: the address in the mail is the final one, a one-click POST must not be redirected (A1.10).
    path("<str:token>", views.unsubscribe, name="unsubscribe"),
    path("<str:token>/confirm", views.confirm, name="confirm"),
    path("<str:token>/preferences", preferences.change, name="preferences"),
]
