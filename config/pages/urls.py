"""Pages of the shell itself."""

from django.urls import path

from config.pages.search import Search
from config.pages.sign_in import Password, SignIn, SignOut

urlpatterns = [
    path("sign-in", SignIn.as_view(), name="sign-in"),
    path("sign-out", SignOut.as_view(), name="sign-out"),
    path("search", Search.as_view(), name="search"),
    path("settings/password", Password.as_view(), name="password"),
]
