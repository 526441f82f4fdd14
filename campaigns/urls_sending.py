"""Delivery: sending. What is decided about a campaign's messages is of this floor, the rest of the one below."""

from django.urls import path

from campaigns.views_after_all import DeadLetters, Decide, UnknownMessages
from delivery.views_providers import ChangeProvider, DeleteProvider, NewProvider, Providers, Restore
from delivery.views_sending import AccountAct, Sending

app_name = "sending"
urlpatterns = [
    path("sending", Sending.as_view(), name="sending"),
    path("sending/accounts/<str:public_id>/<slug:act>", AccountAct.as_view(), name="account-act"),
    path("sending/unknown", UnknownMessages.as_view(), name="unknowns"),
    path("sending/dead-letters", DeadLetters.as_view(), name="dead-letters"),
    path("sending/campaigns/<str:public_id>/<slug:deed>", Decide.as_view(), name="decide"),
    path("sending/mailbox-providers", Providers.as_view(), name="providers"),
    path("sending/mailbox-providers/new", NewProvider.as_view(), name="provider-new"),
    path("sending/mailbox-providers/<str:public_id>", ChangeProvider.as_view(), name="provider"),
    path("sending/mailbox-providers/<str:public_id>/delete", DeleteProvider.as_view(), name="provider-delete"),
    path("sending/mailbox-providers/<str:public_id>/restore", Restore.as_view(), name="restore"),
]
