from django.db import migrations

# For a row that changes what holds for everybody at once: who depends on it passes anew.
FUNCTION = """
CREATE FUNCTION segments_touch_everybody() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM segments_segmentupkeep WHERE reads @> ARRAY[TG_ARGV[0]::varchar]) THEN
        INSERT INTO segments_touch (contact_id, watch) VALUES (NULL, TG_ARGV[0]);
    END IF;
    RETURN NULL;
END $$;
"""
SCORES = """
CREATE TRIGGER touch_everybody AFTER UPDATE OF finished_at ON segments_rfmsnapshot FOR EACH ROW
    WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL)
    EXECUTE FUNCTION segments_touch_everybody('scores');
"""


class Migration(migrations.Migration):
    dependencies = [("segments", "0017_former_contact_watched")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION segments_touch_everybody()"),
        migrations.RunSQL(SCORES, "DROP TRIGGER touch_everybody ON segments_rfmsnapshot"),
    ]
