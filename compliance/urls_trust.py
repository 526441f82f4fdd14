"""Trust: suppressions, the audit log."""

from django.urls import path

from compliance.views.audit import Audit
from compliance.views.suppressions import Lift, Suppress, Suppressions

app_name = "trust"
urlpatterns = [
    path("suppressions", Suppressions.as_view(), name="suppressions"),
    path("suppressions/new", Suppress.as_view(), name="suppress"),
    path("suppressions/<str:public_id>/lift", Lift.as_view(), name="lift"),
    path("audit", Audit.as_view(), name="audit"),
]
