"""The local mailbox."""

from django.urls import path

from delivery import views

app_name = "mailbox"
urlpatterns = [
    path("", views.inbox, name="list"),
    path("<str:key>/", views.mail, name="mail"),
    path("<str:key>/html", views.frame, name="frame"),
    path("<str:key>/download", views.download, name="download"),
]
