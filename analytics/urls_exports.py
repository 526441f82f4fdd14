"""Results: exports."""

from django.urls import path

from analytics import views_exports as views

app_name = "exports"
urlpatterns = [
    path("exports", views.Exports.as_view(), name="list"),
    path("exports/new/<str:kind>/<str:public_id>", views.NewExport.as_view(), name="new"),
    path("exports/<str:public_id>", views.OneExport.as_view(), name="export"),
]
