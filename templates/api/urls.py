from django.urls import path

from templates.api.views import assets
from templates.api.views import templates as views

urlpatterns = [
    path("assets", assets.Assets.as_view()),
    path("assets/<str:public_id>", assets.OneAsset.as_view()),
    path("assets/<str:public_id>/restore", assets.RestoreAsset.as_view()),
    path("templates", views.Templates.as_view()),
    path("templates/lint", views.LintDrafts.as_view()),
    path("templates/<str:public_id>", views.OneTemplate.as_view()),
    path("templates/<str:public_id>/restore", views.RestoreTemplate.as_view()),
    path("templates/<str:public_id>/lint", views.LintTemplate.as_view()),
    path("templates/<str:public_id>/preview", views.PreviewTemplate.as_view()),
    path("templates/<str:public_id>/versions", views.Versions.as_view()),
    path("templates/<str:public_id>/versions/<int:number>/roll-back", views.RollBack.as_view()),
]
