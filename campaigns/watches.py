"""What segments may depend on here: whom campaigns were meant for."""

from django.utils.translation import gettext_lazy as _

from segments.watches import Watch


class Audiences(Watch):
    """Enrolments count once their run is frozen; a trigger on the run then asks for a pass (migration 0006)."""

    kind = "audiences"
    words = _("of a campaign that was launched")
    names = frozenset({"campaigns_enrolment", "campaigns_run"})
