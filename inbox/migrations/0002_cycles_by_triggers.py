"""The rounds of conversations, kept by triggers; reports count them."""

from django.db import migrations

# A cycle starts with the conversation or its reopening, and ends when it is resolved
CYCLES = """
    CREATE FUNCTION inbox_cycle_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.status = 'resolved' THEN
            UPDATE inbox_cycle SET
                ended_at = greatest(started_at, coalesce(NEW.resolved_at, now())),
                ended_by_id = (nullif(current_setting('flexoraa.acting', true), '')
                    ::json ->> 'user')::bigint
            WHERE conversation_id = NEW.id AND ended_at IS NULL;
        ELSE
            INSERT INTO inbox_cycle (workspace_id, conversation_id, started_at)
            VALUES (NEW.workspace_id, NEW.id, CASE TG_OP WHEN 'INSERT'
                THEN NEW.created_at ELSE statement_timestamp() END);
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER inbox_cycle_begin AFTER INSERT ON inbox_conversation
        FOR EACH ROW WHEN (NEW.status <> 'resolved')
        EXECUTE FUNCTION inbox_cycle_follow();
    CREATE TRIGGER inbox_cycle_turn AFTER UPDATE OF status ON inbox_conversation
        FOR EACH ROW WHEN ((OLD.status = 'resolved') <> (NEW.status = 'resolved'))
        EXECUTE FUNCTION inbox_cycle_follow();
    CREATE FUNCTION inbox_waitsegment_place() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.cycle_id := (SELECT id FROM inbox_cycle
            WHERE conversation_id = NEW.conversation_id ORDER BY id DESC LIMIT 1);
        RETURN NEW;
    END $$;
    CREATE TRIGGER inbox_waitsegment_place BEFORE INSERT ON inbox_waitsegment
        FOR EACH ROW WHEN (NEW.cycle_id IS NULL)
        EXECUTE FUNCTION inbox_waitsegment_place()
"""
NO_CYCLES = """
    DROP TRIGGER inbox_waitsegment_place ON inbox_waitsegment;
    DROP TRIGGER inbox_cycle_turn ON inbox_conversation;
    DROP TRIGGER inbox_cycle_begin ON inbox_conversation;
    DROP FUNCTION inbox_waitsegment_place, inbox_cycle_follow
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_squashed")]
    replaces = (("inbox", "0005_cycles_of_conversations"),)

    operations = [migrations.RunSQL(CYCLES, NO_CYCLES)]
