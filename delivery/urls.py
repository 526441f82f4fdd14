"""The local mailbox."""

from django.urls import path

from delivery import views

app_name = "mailbox"
urlpatterns = [
    path("", views.Inbox.as_view(), name="list"),
    path("clear", views.Clear.as_view(), name="clear"),
    path("<str:key>/", views.Inbox.as_view(), name="mail"),
    path("<str:key>/html", views.Frame.as_view(), name="frame"),
    path("<str:key>/download", views.Download.as_view(), name="download"),
    path("<str:key>/attachments/<int:number>", views.Attachment.as_view(), name="attachment"),
    path("<str:key>/read-along", views.ReadAlong.as_view(), name="read-along"),
]
