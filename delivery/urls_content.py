"""What the pages of message templates and brands need of delivery."""

from django.urls import path

from delivery.views_logos import Logo
from delivery.views_test_sends import TestSend

app_name = "content_tests"
urlpatterns = [
    path("templates/<str:public_id>/test", TestSend.as_view(), name="test"),
    path("brands/<str:public_id>/logo", Logo.as_view(), name="logo"),
]
