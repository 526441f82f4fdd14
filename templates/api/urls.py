from django.urls import path

from templates.api import views

urlpatterns = [
    path("templates", views.Templates.as_view()),
    path("templates/lint", views.LintDrafts.as_view()),
    path("templates/<str:public_id>", views.OneTemplate.as_view()),
    path("templates/<str:public_id>/restore", views.RestoreTemplate.as_view()),
    path("templates/<str:public_id>/lint", views.LintTemplate.as_view()),
    path("templates/<str:public_id>/preview", views.PreviewTemplate.as_view()),
    path("templates/<str:public_id>/versions", views.Versions.as_view()),
    path("templates/<str:public_id>/versions/<int:number>/roll-back", views.RollBack.as_view()),
]
