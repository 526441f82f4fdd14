"""What segments may depend on here: whom opt-outs, bounces and complaints forbid us to write to."""

from django.utils.translation import gettext_lazy as _

from segments.watches import Watch


class Suppressions(Watch):
    """Triggers on the table touch the contact whose address it is (migration 0006)."""

    kind = "suppressions"
    words = _("whether we may write to them changed")
    names = frozenset({"compliance_suppression"})
