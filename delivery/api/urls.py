from django.urls import path

from delivery.api import views

urlpatterns = [
    path("messages", views.Messages.as_view()),
    path("messages/test", views.TestSend.as_view()),
    path("messages/<str:public_id>", views.OneMessage.as_view()),
]
