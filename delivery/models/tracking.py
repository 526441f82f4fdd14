"""Opens and clicks: what was asked for, by whom, and who made the request."""

from django.db import models
from django.db.models.functions import Now


class Hit(models.Model):
    """The append-only log of requests for pixels and tracked links, in month partitions; judged later.

    Holds no person, no foreign key; neither an address nor the words of a browser.
    """

    class Kind(models.TextChoices):
        OPENED = "opened"
        CLICKED = "clicked"
        BAITED = "baited"  # the link that only machines find

    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=8, choices=Kind)
    message_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    link_id = models.BigIntegerField(null=True, help_text="The template's link; null when it has contact data in it")
    target_hash = models.BigIntegerField(null=True, help_text="Of the address, where the link has no row")
    agent_hash = models.BigIntegerField(help_text="Of the words of User-Agent")
    network = models.CharField(max_length=43, blank=True, db_default="", help_text="A /24 or /48")


class Agent(models.Model):
    """The words of a User-Agent behind their hash, forgotten after TRACKING_AGENT_DAYS."""

    hash = models.BigIntegerField(primary_key=True)
    words = models.CharField(max_length=500)
    seen_at = models.DateTimeField(db_default=Now())


class Unjudged(models.Model):
    """The judge's queue: hits without a verdict."""

    hit_id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()


class Judgement(models.Model):
    """Who made a hit, as the rules of that version saw it; the newest row of a hit holds, the older ones say why."""

    class Verdict(models.TextChoices):
        HUMAN = "human"
        PREFETCH = "prefetch"
        SCANNER = "scanner"

    hit_id = models.BigIntegerField()
    verdict = models.CharField(max_length=8, choices=Verdict)
    rule = models.CharField(max_length=20, blank=True, db_default="", help_text="Which rule said so; blank for human")
    rules_version = models.PositiveSmallIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("hit_id", "id", name="judgement_of_hit")]
