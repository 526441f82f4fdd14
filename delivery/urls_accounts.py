"""Settings: provider accounts."""

from django.urls import path

from delivery.views_accounts import Accounts, ChangeAccount, ChooseKind, NewAccount, TestMe, UseAgain

app_name = "accounts"
urlpatterns = [
    path("", Accounts.as_view(), name="list"),
    path("/new", ChooseKind.as_view(), name="new"),
    path("/new/<str:account_kind>", NewAccount.as_view(), name="new-of"),
    path("/<str:public_id>", ChangeAccount.as_view(), name="account"),
    path("/<str:public_id>/test", TestMe.as_view(), name="test"),
    path("/<str:public_id>/use-again", UseAgain.as_view(), name="use-again"),
]
