"""Home, and later Results."""

from django.urls import path

from analytics.views import Home, Now

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("now", Now.as_view(), name="now"),
]
