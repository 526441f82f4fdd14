from django.urls import path

from segments.api.views import segments

urlpatterns = [
    path("segments", segments.Segments.as_view()),
    path("segments/estimate", segments.EstimateSegment.as_view()),
    path("segments/<str:public_id>", segments.OneSegment.as_view()),
    path("segments/<str:public_id>/restore", segments.RestoreSegment.as_view()),
]
