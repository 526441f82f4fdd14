"""RFM snapshots: what each buyer's purchases come to on one day, scored by the thresholds of that day."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from segments.models.events import ExactField


class RfmSnapshot(models.Model):
    """All buyers scored at one moment. While `finished_at` is null it is being written, up to `written_to`."""

    taken_at = models.DateTimeField(help_text="The moment that recency is counted back from")
    people = models.PositiveBigIntegerField(default=0)
    money = ExactField(default=0)
    # Four values each, ascending: what 20, 40, 60 and 80 of a hundred buyers do not exceed.
    recency_thresholds = ArrayField(models.BigIntegerField(), default=list)
    frequency_thresholds = ArrayField(models.BigIntegerField(), default=list)
    monetary_thresholds = ArrayField(ExactField(), default=list)
    written_to = models.BigIntegerField(default=0, help_text="The last contact that is scored")
    has_people = models.BooleanField(default=True, help_text="False: of an old one only the cells are kept")
    begun_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["finished_at"], name="rfm_one_at_work", condition=models.Q(finished_at=None),
                nulls_distinct=False,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"RFM of {self.taken_at:%Y-%m-%d %H:%M}"


class RfmScore(models.Model):
    """One buyer in one snapshot."""

    pk = models.CompositePrimaryKey("snapshot_id", "contact_id")
    snapshot_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    recency_days = models.IntegerField(help_text="Whole days since the last purchase")
    frequency = models.BigIntegerField(help_text="Purchases")
    monetary = ExactField(help_text="What they came to")
    first_at = models.DateTimeField(help_text="The first purchase")
    recency_score = models.SmallIntegerField()
    frequency_score = models.SmallIntegerField()
    monetary_score = models.SmallIntegerField()

    def __str__(self) -> str:
        return f"{self.recency_score}{self.frequency_score}{self.monetary_score}"


class RfmCell(models.Model):
    """How many buyers of a snapshot have these three scores. Kept longer than the buyers themselves."""

    snapshot = models.ForeignKey(RfmSnapshot, on_delete=models.CASCADE, related_name="cells", db_index=False)
    recency_score = models.SmallIntegerField()
    frequency_score = models.SmallIntegerField()
    monetary_score = models.SmallIntegerField()
    people = models.PositiveBigIntegerField()
    money = ExactField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot", "recency_score", "frequency_score", "monetary_score"], name="rfm_cell_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.recency_score}{self.frequency_score}{self.monetary_score}: {self.people}"
