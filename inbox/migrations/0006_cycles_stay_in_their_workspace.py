from django.db import migrations, models

from teams.tenant_keys import TenantKey


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0005_cycles_of_conversations"),
        ("inbox", "0005_rows_stay_in_their_workspace"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="cycle",
            constraint=models.UniqueConstraint(
                fields=("workspace", "id"), name="inbox_cycle_whose"
            ),
        ),
        migrations.AddConstraint(
            model_name="cycle",
            constraint=TenantKey("conversation", name="inbox_cycle_conversation_whose"),
        ),
        migrations.AddConstraint(
            model_name="waitsegment",
            constraint=TenantKey("cycle", name="inbox_waitsegment_cycle_whose"),
        ),
    ]
