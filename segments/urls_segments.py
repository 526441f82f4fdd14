"""Audience: segments and the builder of their rules."""

from django.urls import path

from segments.views import building, histories, looking, plans, rfm, segments
from segments.views.memberships import AddPeople, Freeze, Members, OverTime, Refresh, WasIn

app_name = "segments"
_ONE = "segments/<str:public_id>"
urlpatterns = [
    path("segments", segments.Segments.as_view(), name="list"),
    path("segments/new", building.NewSegment.as_view(), name="new"),
    path("segments/look", looking.LookAtRule.as_view(), name="look"),
    path("rfm", rfm.Rfm.as_view(), name="rfm"),
    path("rfm/take", rfm.TakeRfm.as_view(), name="rfm-take"),
    path("rfm/<str:name>/segment", rfm.CellSegment.as_view(), name="rfm-segment"),
    path("segments/plan", plans.RulePlan.as_view(), name="plan"),
    path("segments/plan/promote", plans.PromoteAttribute.as_view(), name="plan-promote"),
    path("segments/plan/count", plans.RegisterMetric.as_view(), name="plan-count"),
    path("segments/values", looking.Values.as_view(), name="values"),
    path(_ONE, segments.OneSegment.as_view(), name="segment"),
    path(f"{_ONE}/people", segments.People.as_view(), name="people"),
    path(f"{_ONE}/edit", building.EditSegment.as_view(), name="edit"),
    path(f"{_ONE}/history", histories.History.as_view(), name="history"),
    path(f"{_ONE}/versions/<int:number>/restore", histories.Restore.as_view(), name="restore-version"),
    path(f"{_ONE}/members", Members.as_view(), name="members"),
    path(f"{_ONE}/members/add", AddPeople.as_view(), name="add-people"),
    path(f"{_ONE}/over-time", OverTime.as_view(), name="over-time"),
    path(f"{_ONE}/was-in", WasIn.as_view(), name="was-in"),
    path(f"{_ONE}/freeze", Freeze.as_view(), name="freeze"),
    path(f"{_ONE}/refresh", Refresh.as_view(), name="refresh"),
    path(f"{_ONE}/archive", segments.Archive.as_view(), name="archive"),
    path(f"{_ONE}/bring-back", segments.BringBack.as_view(), name="bring-back"),
]
