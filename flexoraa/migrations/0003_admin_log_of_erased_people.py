"""A line of the back office's log says what a row was called. Of a person who is erased
the line stays, with who did what when; its words go, and nothing else can."""

from importlib import import_module

from django.db import migrations

OLD = import_module("flexoraa.migrations.0002_admin_log_append_only").FORWARDS
OLD = OLD[: OLD.index("CREATE TRIGGER")].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
GUARD = "    RAISE EXCEPTION 'Lines"
NEW = OLD.replace(
    GUARD,
    """    IF TG_OP = 'UPDATE' AND current_setting('flexoraa.erasing', true) = 'on'
        AND NEW.object_repr = '' AND NEW.change_message = ''
        AND to_jsonb(NEW) - 'object_repr' - 'change_message'
            = to_jsonb(OLD) - 'object_repr' - 'change_message' THEN
        RETURN NEW;
    END IF;
"""
    + GUARD,
)


class Migration(migrations.Migration):
    dependencies = [("flexoraa", "0002_admin_log_append_only")]
    operations = [migrations.RunSQL(NEW, OLD)]
