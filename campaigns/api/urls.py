from django.urls import path

from campaigns.api import after_all, views

urlpatterns = [
    path("campaigns", views.Campaigns.as_view()),
    path("campaigns/<str:public_id>", views.OneCampaign.as_view()),
    path("campaigns/<str:public_id>/launch", views.LaunchCampaign.as_view()),
    path("campaigns/<str:public_id>/approve", views.ApproveCampaign.as_view()),
    path("campaigns/<str:public_id>/schedule", views.ScheduleCampaign.as_view()),
    path("campaigns/<str:public_id>/unschedule", views.UnscheduleCampaign.as_view()),
    path("campaigns/<str:public_id>/pause", views.PauseCampaign.as_view()),
    path("campaigns/<str:public_id>/resume", views.ResumeCampaign.as_view()),
    path("campaigns/<str:public_id>/cancel", views.CancelCampaign.as_view()),
    path("campaigns/<str:public_id>/clone", views.CloneCampaign.as_view()),
    path("campaigns/<str:public_id>/readiness", views.CampaignReadiness.as_view()),
    path("campaigns/<str:public_id>/explain", views.ExplainCampaign.as_view()),
    path("campaigns/<str:public_id>/dead-letters/replay", after_all.ReplayDeadLetters.as_view()),
    path("campaigns/<str:public_id>/dead-letters/drop", after_all.DropDeadLetters.as_view()),
    path("campaigns/<str:public_id>/unknown/send-again", after_all.SendUnknownAgain.as_view()),
    path("campaigns/<str:public_id>/unknown/mark-sent", after_all.MarkUnknownSent.as_view()),
    path("dead-letters", after_all.DeadLetters.as_view()),
]
