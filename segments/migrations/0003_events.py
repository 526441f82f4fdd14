import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import segments.models.events
from config.lib.append_only import append_only, month_log

# Unique for ever, in partitions that each stay small enough to be kept in memory and to be vacuumed.
EVENT_KEY = """
CREATE TABLE segments_eventkey (event_id uuid PRIMARY KEY, received_at timestamptz NOT NULL)
    PARTITION BY HASH (event_id);
""" + "".join(
    f"CREATE TABLE segments_eventkey_{n} PARTITION OF segments_eventkey FOR VALUES WITH (MODULUS 16, REMAINDER {n});"
    for n in range(16)
)

RAW_COLUMNS = """
event_id uuid NOT NULL,
event_type_id bigint NOT NULL,
version_id bigint NOT NULL,
occurred_at timestamptz NOT NULL,
claimed_at timestamptz,
is_early boolean NOT NULL DEFAULT false,
contact_id bigint,
visitor_id bigint,
session_id varchar(255) NOT NULL DEFAULT '',
source varchar(7) NOT NULL,
write_key_id bigint,
properties jsonb NOT NULL,
context jsonb NOT NULL
"""

# What one person did, what one visitor did, what came at a time (the log is in its order).
RAW_INDEXES = """
CREATE INDEX ON segments_rawevent (contact_id, occurred_at) WHERE contact_id IS NOT NULL;
CREATE INDEX ON segments_rawevent (visitor_id, occurred_at) WHERE visitor_id IS NOT NULL;
CREATE INDEX ON segments_rawevent USING brin (at);
"""

# Whose a visitor's event is, the rule in one place: the last person it was linked to up to then, else the first.
# The view applies it to the log, which stays as it was told; the second function is the view the other way round:
# what one person did in a stretch of time, by indexes.
PEOPLE = """
CREATE OR REPLACE FUNCTION segments_owner(visitor bigint, at timestamptz, event uuid, ignoring bigint[] DEFAULT '{}')
RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT contact_id FROM segments_identitylink
         WHERE visitor_id = visitor AND (linked_at, event_id) <= (at, event) AND id <> ALL(ignoring)
         ORDER BY linked_at DESC, event_id DESC LIMIT 1),
        (SELECT contact_id FROM segments_identitylink
         WHERE visitor_id = visitor AND id <> ALL(ignoring)
         ORDER BY linked_at, event_id LIMIT 1)
    )
$$;

CREATE OR REPLACE VIEW segments_personevent AS
SELECT e.id, e.at, e.xid, e.event_id, e.event_type_id, e.version_id, e.occurred_at, e.is_early,
       CASE WHEN e.contact_id IS NOT NULL THEN e.contact_id
            ELSE segments_owner(e.visitor_id, e.occurred_at, e.event_id) END AS contact_id,
       e.visitor_id, e.session_id, e.source, e.properties, e.context
FROM segments_rawevent e;

CREATE OR REPLACE FUNCTION segments_events_of(contact bigint, since timestamptz, until timestamptz)
RETURNS SETOF segments_personevent LANGUAGE sql STABLE AS $$
    SELECT p.* FROM segments_personevent p
    WHERE p.id IN (
        SELECT e.id FROM segments_rawevent e
        WHERE e.contact_id = contact AND e.occurred_at >= since AND e.occurred_at < until
        UNION ALL
        SELECT e.id FROM segments_rawevent e
        WHERE e.contact_id IS NULL AND e.occurred_at >= since AND e.occurred_at < until
          AND e.visitor_id IN (SELECT l.visitor_id FROM segments_identitylink l WHERE l.contact_id = contact)
    ) AND p.contact_id = contact
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("segments", "0002_contact_tracking"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "metric_id", "contact_id", "hour", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("metric_id", models.BigIntegerField()),
                ("contact_id", models.BigIntegerField()),
                ("hour", models.DateTimeField(help_text="Its beginning")),
                ("count", models.BigIntegerField()),
                (
                    "total",
                    segments.models.events.ExactField(
                        decimal_places=500, help_text="Sum of the metric's value", max_digits=1000
                    ),
                ),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(EVENT_KEY, "DROP TABLE segments_eventkey")],
            state_operations=[
                migrations.CreateModel(
                    name="EventKey",
                    fields=[
                        ("event_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("received_at", models.DateTimeField()),
                    ],
                ),
            ],
        ),
        append_only("segments_eventkey"),
        migrations.CreateModel(
            name="EventType",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(help_text="noun_verbed, past tense", max_length=100, unique=True)),
                ("description", models.CharField(blank=True, default="", max_length=255)),
                ("built_in", models.BooleanField(default=False, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        month_log(
            "segments_rawevent",
            RAW_COLUMNS,
            state=[
                migrations.CreateModel(
                    name="RawEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "received_at",
                            models.DateTimeField(db_column="at", db_default=django.db.models.functions.datetime.Now()),
                        ),
                        ("event_id", models.UUIDField()),
                        ("event_type_id", models.BigIntegerField()),
                        ("version_id", models.BigIntegerField(help_text="The event type's version that let it in")),
                        (
                            "occurred_at",
                            models.DateTimeField(help_text="When it happened, the client's clock corrected"),
                        ),
                        (
                            "claimed_at",
                            models.DateTimeField(
                                help_text="What the client said, when that is something else", null=True
                            ),
                        ),
                        (
                            "is_early",
                            models.BooleanField(
                                db_default=False, help_text="It claimed to happen over 5 minutes after we had it"
                            ),
                        ),
                        ("contact_id", models.BigIntegerField(null=True)),
                        ("visitor_id", models.BigIntegerField(null=True)),
                        ("session_id", models.CharField(db_default="", max_length=255)),
                        (
                            "source",
                            models.CharField(choices=[("server", "Server"), ("browser", "Browser")], max_length=7),
                        ),
                        ("write_key_id", models.BigIntegerField(null=True)),
                        ("properties", models.JSONField()),
                        ("context", models.JSONField()),
                    ],
                ),
            ],
        ),
        migrations.RunSQL(RAW_INDEXES, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="WriteKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("kind", models.CharField(choices=[("server", "Server"), ("browser", "Browser")], max_length=7)),
                (
                    "prefix",
                    models.CharField(editable=False, help_text="Its first letters, to tell keys apart", max_length=10),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                (
                    "origins",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255),
                        blank=True,
                        default=list,
                        help_text="Browser keys: the sites that may use it, such as https://shop.example; none: any",
                        size=None,
                    ),
                ),
                ("rate_per_minute", models.PositiveIntegerField(default=600000, help_text="Events")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="EventTypeVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("schema", models.JSONField(help_text="JSON Schema, draft 2020-12, of `properties`")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="segments.eventtype"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="eventtype",
            name="current",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="segments.eventtypeversion"
            ),
        ),
        migrations.CreateModel(
            name="IdentityLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("visitor_id", models.BigIntegerField()),
                ("contact_id", models.BigIntegerField()),
                ("linked_at", models.DateTimeField(help_text="When the event that named both happened")),
                ("event_id", models.UUIDField(help_text="That event")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("contact_id"), name="identity_link_contact")],
                "constraints": [
                    models.UniqueConstraint(fields=("visitor_id", "linked_at", "event_id"), name="identity_link_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Metric",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=100, unique=True)),
                (
                    "filters",
                    models.JSONField(
                        blank=True, default=list, help_text="Of property, operator and value; all must hold"
                    ),
                ),
                ("path", segments.models.events.JsonPathField(editable=False, null=True)),
                (
                    "value_property",
                    models.CharField(blank=True, default="", help_text="The number that is added up", max_length=100),
                ),
                ("log_end", models.BigIntegerField(default=0, editable=False)),
                ("counted_to", models.BigIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "event_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="metrics", to="segments.eventtype"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="QuarantinedEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.UUIDField(help_text="Null when it could not be read", null=True)),
                (
                    "event_type",
                    models.CharField(blank=True, default="", help_text="As far as it could be read", max_length=100),
                ),
                ("code", models.CharField(help_text="unknown_type, unknown_property, wrong_type, …", max_length=40)),
                (
                    "pointer",
                    models.CharField(
                        blank=True, default="", help_text="JSON pointer to the place at fault", max_length=500
                    ),
                ),
                ("detail", models.CharField(max_length=500)),
                ("source", models.CharField(choices=[("server", "Server"), ("browser", "Browser")], max_length=7)),
                ("write_key_id", models.BigIntegerField(null=True)),
                ("size", models.PositiveIntegerField(help_text="Bytes as it came")),
                (
                    "sealed",
                    models.BinaryField(
                        help_text="The event under TOKEN_KEYS; null once it was replayed or dropped", null=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("replayed", "Replayed"), ("dropped", "Dropped")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("state"), models.F("code"), models.F("event_type"), name="quarantined_event_state"
                    ),
                    models.Index(models.F("received_at"), name="quarantined_event_received"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")), fields=("event_id",), name="quarantined_event_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Visitor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(help_text="The anonymous_id", max_length=255)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("key",), name="visitor_key_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="eventtypeversion",
            constraint=models.UniqueConstraint(fields=("event_type", "number"), name="event_type_version_number"),
        ),
        migrations.AddIndex(
            model_name="metric",
            index=models.Index(
                models.F("log_end"), condition=models.Q(("counted_to__lt", models.F("log_end"))), name="metric_backfill"
            ),
        ),
        append_only("segments_eventtypeversion"),
        append_only("segments_identitylink"),
        migrations.RunSQL("ALTER TABLE segments_activity SET (fillfactor = 85)", migrations.RunSQL.noop),
        migrations.RunSQL(
            PEOPLE, "DROP FUNCTION segments_events_of; DROP VIEW segments_personevent; DROP FUNCTION segments_owner"
        ),
    ]
