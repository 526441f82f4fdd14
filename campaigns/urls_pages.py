"""The pages of campaigns."""

from django.urls import path

from campaigns.views import acting, building, calendar, detail, lists, looking, reviewing

app_name = "campaigns"
_L = "campaigns"
_C = f"{_L}/<str:public_id>"
urlpatterns = [
    path(_L, lists.Campaigns.as_view(), name="list"),
    path(f"{_L}/calendar", calendar.Calendar.as_view(), name="calendar"),
    path(f"{_L}/new", building.NewCampaign.as_view(), name="new"),
    path(_C, detail.Detail.as_view(), name="campaign"),
    path(f"{_C}/live", detail.Live.as_view(), name="live"),
    path(f"{_C}/account", detail.Account.as_view(), name="account"),
    path(f"{_C}/problems", detail.Problems.as_view(), name="problems"),
    path(f"{_C}/timeline", detail.Timeline.as_view(), name="timeline"),
    path(f"{_C}/rename", building.Rename.as_view(), name="rename"),
    path(f"{_C}/audience", building.AudienceStep.as_view(), name="audience"),
    path(f"{_C}/content", building.ContentStep.as_view(), name="content"),
    path(f"{_C}/schedule", building.ScheduleStep.as_view(), name="schedule"),
    path(f"{_C}/look", looking.Look.as_view(), name="look"),
    path(f"{_C}/who", detail.Who.as_view(), name="who"),
    path(f"{_C}/count", building.Count.as_view(), name="count"),
    path(f"{_C}/take-back/<slug:which>", building.TakeBack.as_view(), name="change-back"),
    path(f"{_C}/review", reviewing.Review.as_view(), name="review"),
    path(f"{_C}/review/facts", reviewing.ReviewFacts.as_view(), name="review-facts"),
    path(f"{_C}/launch", reviewing.Launch.as_view(), name="launch"),
    path(f"{_C}/take-back", reviewing.TakeBackLaunch.as_view(), name="take-back"),
    path(f"{_C}/approve", reviewing.Approve.as_view(), name="approve"),
    path(f"{_C}/clone", acting.Clone.as_view(), name="clone"),
    path(f"{_C}/adjust", acting.Adjust.as_view(), name="adjust"),
    path(f"{_C}/do/<slug:act>", acting.Do.as_view(), name="do"),
    path(f"{_C}/after-all/<slug:deed>", acting.AfterAll.as_view(), name="after-all"),
]
