"""Whoever writes, and whatever they had read before: a lead whose person was erased
takes no values of a person again."""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("leads.migrations.0006_history_by_whom").BEFORE
GUARD = """
        IF OLD.erased_at IS NOT NULL THEN
            NEW.name := OLD.name;
            NEW.phone := OLD.phone;
            NEW.email := OLD.email;
            NEW.company := OLD.company;
            NEW.tags := OLD.tags;
            NEW.custom := OLD.custom;
            NEW.external_id := OLD.external_id;
            NEW.lost_reason := OLD.lost_reason;
            NEW.consent := OLD.consent;
            NEW.erased_at := OLD.erased_at;
            NEW.archived_at := OLD.archived_at;
        END IF;
        NEW.version := OLD.version;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0010_campaigns_claim_touches")]

    operations = [
        migrations.RunSQL(
            BEFORE.replace("        NEW.version := OLD.version;\n", GUARD, 1), BEFORE
        )
    ]
