"""Who is in which segment, since when and why; what is kept of how it came to be; and the upkeep of it all.

Members are the present, and derived: the rule says who belongs, whoever looks at it. The log of entries and exits is
the past, append-only; an exit carries when its stay began, so each stay that is over is one row that nobody changes.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from segments.models.segment import Segment


class How(models.TextChoices):
    """What brought somebody in or out: the watch whose facts changed (segments/watches.py), or one of these."""

    RULE = "rule", _("the rule was made or changed")
    CLOCK = "clock", _("time has passed")
    FROZEN = "frozen", _("the segment was frozen")
    HAND = "hand", _("somebody did it by hand")
    MERGE = "merge", _("two contacts became one")


class Membership(models.Model):
    """One contact in one segment now. No foreign keys: they are written by the million, and the upkeep clears up."""

    pk = models.CompositePrimaryKey("segment_id", "contact_id")
    segment_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    version_id = models.BigIntegerField(help_text="By which version of the rule")
    how = models.CharField(max_length=12)
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"contact {self.contact_id} in segment {self.segment_id}"


class MembershipChange(models.Model):
    """One entry or exit (append-only, month partitions of `at`). `since`, of an exit: when that stay began."""

    class Kind(models.TextChoices):
        ENTERED = "entered"
        LEFT = "left"

    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=7, choices=Kind)
    segment_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    version_id = models.BigIntegerField(help_text="The version of the rule by which it was decided")
    how = models.CharField(max_length=12)
    since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"contact {self.contact_id} {self.kind} segment {self.segment_id}"


class SegmentDay(models.Model):
    """A segment's size at the end of a UTC day, or now, and how many came and went. Derived."""

    pk = models.CompositePrimaryKey("segment_id", "day")
    segment_id = models.BigIntegerField()
    day = models.DateField()
    size = models.BigIntegerField()
    entered = models.BigIntegerField(help_text="Not by another rule")
    left = models.BigIntegerField(help_text="Not by another rule")

    def __str__(self) -> str:
        return f"segment {self.segment_id} on {self.day}"


class SegmentUpkeep(models.Model):
    """How the members of one segment are kept up. Whoever writes members or their log holds the lock of this row.

    A pass goes over all contacts once, by id: `passed` is how far it is, null while there is none.
    """

    class Moves(models.TextChoices):
        """How time alone changes who matches."""

        NEVER = "never", _("once a day, to be sure")
        DAILY = "daily", _("at the turn of each day (UTC)")
        ALWAYS = "always", _("each hour")

    TOO_SLOW = "Looking at its people takes too long"  # an error that making the rule cheaper mends

    segment = models.OneToOneField(Segment, primary_key=True, on_delete=models.CASCADE, related_name="upkeep")
    reads = ArrayField(models.CharField(max_length=20), help_text="Kinds of watches that its rule depends on")
    moves = models.CharField(max_length=6, choices=Moves)
    stands_on = ArrayField(models.BigIntegerField(), help_text="Itself and the segments its rule names")
    rules = ArrayField(models.TextField(), help_text="The versions of those for which all of this was worked out")
    version_id = models.BigIntegerField()
    every = models.DurationField(null=True, blank=True, help_text="Between passes; null: by how time changes it")
    # What writes before this transaction id may not know that the segment is watched.
    watched_from = models.BigIntegerField(null=True)
    due_at = models.DateTimeField(null=True, help_text="When the next pass begins")
    how = models.CharField(max_length=12, help_text="Of the next or present pass")
    began_at = models.DateTimeField(null=True)
    passed = models.BigIntegerField(null=True)
    upto = models.BigIntegerField(default=0, help_text="The highest contact id when it began")
    chunk = models.PositiveIntegerField(default=20_000, help_text="Contacts a transaction; it grows and shrinks")
    widest = models.PositiveIntegerField(
        default=200_000,
        db_default=200_000,
        help_text="More took too long, so no transaction of this pass tries it again",
    )
    passed_at = models.DateTimeField(null=True, help_text="When the last pass ended")
    size = models.BigIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, default="")

    def __str__(self) -> str:
        return f"upkeep of segment {self.segment_id}"


class Touch(models.Model):
    """Somebody about whom something has changed, written by triggers in the transaction that changed it.

    A null contact is everybody: one statement changed more people than it would be quick to look at one by one.
    """

    contact_id = models.BigIntegerField(null=True)
    watch = models.CharField(max_length=20)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.watch} of contact {self.contact_id}"


class TailMark(models.Model):
    """How far the log of an upper floor was read for touches, by (transaction id, row)."""

    log = models.CharField(max_length=63, primary_key=True)
    xid = models.BigIntegerField()
    row = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.log
