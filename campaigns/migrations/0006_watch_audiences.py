from django.db import migrations

# An audience counts from when it is whole (campaigns/predicates/audience.py).
FROZEN = """
CREATE TRIGGER touch_everybody AFTER UPDATE OF state ON campaigns_run FOR EACH ROW
    WHEN (OLD.state = 'freezing' AND NEW.state <> 'freezing')
    EXECUTE FUNCTION segments_touch_everybody('audiences');
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0005_run_failures"), ("segments", "0018_touch_everybody")]

    operations = [migrations.RunSQL(FROZEN, "DROP TRIGGER touch_everybody ON campaigns_run")]
