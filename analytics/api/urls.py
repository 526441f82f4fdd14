from django.urls import path

from analytics.api import dashboard, exports, views

urlpatterns = [
    path("dashboard/realtime", dashboard.Realtime.as_view()),
    path("campaigns/<str:public_id>/analytics", views.Analytics.as_view()),
    path("campaigns/<str:public_id>/analytics/links", views.LinkAnalytics.as_view()),
    path("campaigns/<str:public_id>/export", exports.ExportCampaign.as_view()),
    path("segments/<str:public_id>/export", exports.ExportSegment.as_view()),
    path("lists/<str:public_id>/export", exports.ExportList.as_view()),
    path("exports/<str:public_id>", exports.OneExport.as_view()),
    path("exports/<str:public_id>/download", exports.Download.as_view()),
]
