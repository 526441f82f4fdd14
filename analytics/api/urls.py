from django.urls import path

from analytics.api import dashboard, views

urlpatterns = [
    path("dashboard/realtime", dashboard.Realtime.as_view()),
    path("campaigns/<str:public_id>/analytics", views.Analytics.as_view()),
    path("campaigns/<str:public_id>/analytics/links", views.LinkAnalytics.as_view()),
]
