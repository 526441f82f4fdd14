from django.urls import path

from compliance.views import preferences
from compliance.views import unsubscribing as views

app_name = "compliance"
urlpatterns = [
    # No trailing slashes: the address in the mail is the final one, a one-click POST must not be redirected (A1.10).
    path("<str:token>", views.unsubscribe, name="unsubscribe"),
    path("<str:token>/confirm", views.confirm, name="confirm"),
    path("<str:token>/preferences", preferences.change, name="preferences"),
]
