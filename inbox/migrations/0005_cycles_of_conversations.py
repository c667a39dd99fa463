"""The rounds of conversations, kept by triggers; reports count them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

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
# What there was before has one cycle
FILL = """
    INSERT INTO inbox_cycle (workspace_id, conversation_id, started_at, ended_at)
    SELECT workspace_id, id, created_at, greatest(created_at, resolved_at)
    FROM inbox_conversation;
    UPDATE inbox_waitsegment w SET cycle_id = c.id FROM inbox_cycle c
    WHERE c.conversation_id = w.conversation_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0004_labels_assignment_waits_and_search'),
        ('teams', '0004_invitations_keys_and_mail'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Cycle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('conversation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='cycles', to='inbox.conversation')),
                ('ended_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
            ],
        ),
        migrations.AddField(
            model_name='waitsegment',
            name='cycle',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='waits', to='inbox.cycle'),
        ),
        migrations.AddIndex(
            model_name='cycle',
            index=models.Index(fields=['conversation', '-id'], name='inbox_cycle_of_conversation'),
        ),
        migrations.AddIndex(
            model_name='cycle',
            index=models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['workspace', 'ended_at'], name='inbox_cycle_ends'),
        ),
        migrations.AddConstraint(
            model_name='cycle',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('conversation',), name='inbox_cycle_one_open'),
        ),
        migrations.AddConstraint(
            model_name='cycle',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='inbox_cycle_forward'),
        ),
        migrations.RunSQL(CYCLES, NO_CYCLES),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
