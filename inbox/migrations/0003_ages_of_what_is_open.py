"""How old what is open is, read from an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0002_cycles_by_triggers")]

    operations = [
        migrations.AddIndex(
            model_name="cycle",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)),
                fields=["workspace", "started_at"],
                name="inbox_cycle_open_ages",
            ),
        ),
    ]
