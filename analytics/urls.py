"""Home, and later Results."""

from django.urls import path

from analytics.views import CampaignFigures, Home, Now

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("now", Now.as_view(), name="now"),
    path("campaigns/<str:public_id>/figures", CampaignFigures.as_view(), name="campaign-figures"),
]
