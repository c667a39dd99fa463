"""The back office's log of what people did is only ever added to, like the audit trail:
no superuser's click and no stray statement changes a line."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION flexoraa_admin_log_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.content_type_id IS NULL
        AND to_jsonb(NEW) - 'content_type_id' = to_jsonb(OLD) - 'content_type_id' THEN
        RETURN NEW;  -- Django forgets the type of a table that is gone
    END IF;
    RAISE EXCEPTION 'Lines of % are never changed or deleted', TG_TABLE_NAME;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON django_admin_log
    FOR EACH ROW EXECUTE FUNCTION flexoraa_admin_log_append_only();
"""

BACKWARDS = """
DROP TRIGGER append_only ON django_admin_log;
DROP FUNCTION flexoraa_admin_log_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("flexoraa", "0001_stream_events"), ("admin", "0003_logentry_add_action_flag_choices")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
