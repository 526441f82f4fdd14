"""Settings: provider accounts."""

from django.urls import path

from delivery.views_accounts import Accounts, ChangeAccount, ChooseKind, NewAccount, TestMe, UseAgain

app_name = "accounts"
urlpatterns = [
    path("providers", Accounts.as_view(), name="list"),
    path("providers/new", ChooseKind.as_view(), name="new"),
    path("providers/new/<str:account_kind>", NewAccount.as_view(), name="new-of"),
    path("providers/<str:public_id>", ChangeAccount.as_view(), name="account"),
    path("providers/<str:public_id>/test", TestMe.as_view(), name="test"),
    path("providers/<str:public_id>/use-again", UseAgain.as_view(), name="use-again"),
]
