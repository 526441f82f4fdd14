from django.urls import path

from compliance.api import views

urlpatterns = [
    path("brands", views.Brands.as_view()),
    path("suppressions", views.Suppressions.as_view()),
    path("unsubscribe", views.Unsubscribe.as_view()),
    path("users/<str:public_id>/preferences", views.UserPreferences.as_view()),
]
