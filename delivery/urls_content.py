"""What the pages of message templates need of delivery."""

from django.urls import path

from delivery.views_test_sends import TestSend

app_name = "content_tests"
urlpatterns = [path("templates/<str:public_id>/test", TestSend.as_view(), name="test")]
