"""Trust: suppressions, the audit log."""

from django.urls import path

from compliance.views.audit import Audit
from compliance.views.suppression_files import Check, Discard, LeftOut, Upload
from compliance.views.suppressions import Lift, Suppress, Suppressions

app_name = "trust"
urlpatterns = [
    path("suppressions", Suppressions.as_view(), name="suppressions"),
    path("suppressions/new", Suppress.as_view(), name="suppress"),
    path("suppressions/import", Upload.as_view(), name="import"),
    path("suppressions/import/<str:public_id>", Check.as_view(), name="import-check"),
    path("suppressions/import/<str:public_id>/discard", Discard.as_view(), name="import-discard"),
    path("suppressions/import/<str:public_id>/left-out", LeftOut.as_view(), name="import-left-out"),
    path("suppressions/<str:public_id>/lift", Lift.as_view(), name="lift"),
    path("audit", Audit.as_view(), name="audit"),
]
