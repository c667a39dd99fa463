"""People, workspaces and what belongs to both: the tables of what was built
before the first release, in one step; `replaces` names the steps that it was."""

import datetime
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import flexoraa.lib.crypto
import flexoraa.lib.ids
import pgtrigger.compiler
import pgtrigger.migrations
import teams.models.workspaces
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True
    replaces = [
        ("teams", "0001_initial"),
        ("teams", "0002_limits_and_idempotency_keys"),
        ("teams", "0003_audit_trail"),
        ("teams", "0004_invitations_keys_and_mail"),
        ("teams", "0005_inspections"),
        ("teams", "0006_support_visits"),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Counter',
            fields=[
                ('key', models.CharField(max_length=100, primary_key=True, serialize=False)),
                ('count', models.PositiveIntegerField()),
                ('ends_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='Inspection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
                ('at', models.DateTimeField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('count', models.BigIntegerField(default=0)),
                ('detail', models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('to', models.EmailField(max_length=254)),
                ('subject', models.CharField(max_length=250)),
                ('text', flexoraa.lib.crypto.SecretField(blank=True, default='')),
                ('html', flexoraa.lib.crypto.SecretField(blank=True, default='')),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('sent', 'Sent'), ('failed', 'Given up')], default='queued', editable=False, max_length=6)),
                ('attempts', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('sent_at', models.DateTimeField(editable=False, null=True)),
                ('error', models.CharField(blank=True, editable=False, max_length=200)),
                ('message_id', models.CharField(blank=True, editable=False, max_length=250)),
                ('bounced_at', models.DateTimeField(editable=False, null=True)),
                ('bounce_reason', models.CharField(blank=True, editable=False, max_length=200)),
            ],
            options={
                'verbose_name_plural': 'mail',
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['due_at'], name='teams_mail_due'), models.Index(condition=models.Q(('message_id', ''), _negated=True), fields=['message_id'], name='teams_mail_message_id')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'sent', 'failed'])), name='teams_mail_state_known')],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail address')),
                ('name', models.CharField(blank=True, max_length=150)),
                ('is_active', models.BooleanField(default=True, help_text='Untick instead of deleting the account.')),
                ('is_staff', models.BooleanField(default=False, help_text='May sign in to the back office.', verbose_name='back office')),
                ('date_joined', models.DateTimeField(auto_now_add=True)),
                ('company', models.CharField(blank=True, editable=False, help_text='Asked at sign-up: the workspace that is made when the address is verified, unless they were invited.', max_length=120)),
                ('session_stamp', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='teams_user_one_per_email')],
            },
        ),
        migrations.CreateModel(
            name='Workspace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('slug', models.SlugField(max_length=60, unique=True)),
                ('timezone', models.CharField(default='Asia/Kolkata', max_length=64, validators=[teams.models.workspaces.is_timezone])),
                ('currency', models.CharField(default='INR', max_length=3)),
                ('limits', models.JSONField(blank=True, default=dict, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('name', models.CharField(max_length=80)),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('sdr', 'SDR'), ('member', 'Member')], max_length=10)),
                ('prefix', models.CharField(editable=False, max_length=12)),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('last_used_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'API key',
                'indexes': [models.Index(fields=['workspace', 'id'], name='teams_apikey_workspace')],
                'constraints': [models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'admin', 'sdr', 'member'])), name='teams_apikey_role_known')],
            },
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='teams.workspace')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('subject', models.CharField(max_length=40)),
                ('subject_id', models.UUIDField()),
                ('label', models.CharField(blank=True, max_length=200)),
                ('action', models.CharField(choices=[('insert', 'Added'), ('update', 'Changed'), ('delete', 'Removed')], max_length=6)),
                ('changes', models.JSONField(null=True)),
                ('actor', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('door', models.CharField(max_length=20)),
                ('request_id', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'id'], name='teams_auditevent_workspace'), models.Index(fields=['workspace', 'subject', 'id'], name='teams_auditevent_subject'), models.Index(fields=['workspace', 'subject_id', 'id'], name='teams_auditevent_row'), models.Index(fields=['workspace', 'actor', 'id'], name='teams_auditevent_actor'), models.Index(fields=['at'], name='teams_auditevent_at')],
            },
        ),
        migrations.CreateModel(
            name='Departure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('heir', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('moved', models.PositiveIntegerField(default=0)),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('done_at', None)), fields=['id'], name='teams_departure_open'), models.Index(fields=['workspace', 'id'], name='teams_departure_workspace')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.BinaryField(max_length=32)),
                ('attempt', models.UUIDField()),
                ('claimed_at', models.DateTimeField(db_index=True)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('body', models.TextField(blank=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'user', 'key'), name='teams_idempotencykey_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail address')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('sdr', 'SDR'), ('member', 'Member')], max_length=10)),
                ('token_hash', models.BinaryField(max_length=32, unique=True)),
                ('invited_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('mail', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='teams.mail')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('sent_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(null=True)),
                ('accepted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('revoked_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'id'], name='teams_invitation_workspace'), models.Index(django.db.models.functions.text.Lower('email'), condition=models.Q(('accepted_at', None), ('revoked_at', None)), name='teams_invitation_open_email')],
                'constraints': [models.UniqueConstraint(models.F('workspace'), django.db.models.functions.text.Lower('email'), condition=models.Q(('accepted_at', None), ('revoked_at', None)), name='teams_invitation_one_open'), models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'admin', 'sdr', 'member'])), name='teams_invitation_role_known'), models.CheckConstraint(condition=models.Q(('accepted_at', None), ('revoked_at', None), _connector='OR'), name='teams_invitation_one_end')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='teams.workspace')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('sdr', 'SDR'), ('member', 'Member')], default='member', max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('last_seen_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'user'), name='teams_membership_one_per_user'), models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'admin', 'sdr', 'member'])), name='teams_membership_role_known')],
            },
        ),
        migrations.CreateModel(
            name='SupportVisit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('visitor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('ends_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'id'], name='teams_supportvisit_workspace'), models.Index(condition=models.Q(('ended_at', None)), fields=['visitor'], name='teams_supportvisit_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('created_at')), ('ends_at__lte', django.db.models.expressions.CombinedExpression(models.F('created_at'), '+', models.Value(datetime.timedelta(seconds=28800))))), name='teams_supportvisit_is_short'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='teams_supportvisit_has_reason')],
            },
        ),
        migrations.AddField(
            model_name='Workspace',
            name='members',
            field=models.ManyToManyField(related_name='workspaces', through='teams.Membership', to=settings.AUTH_USER_MODEL),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='audit_insert', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), NULL::bigint, clock_timestamp(), 'user',\n                r.public_id, left(coalesce(r.email, ''), 200), 'insert', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(NULL, f.value)) FROM (VALUES ('email', to_jsonb(r.email)), ('name', to_jsonb(r.name)), ('is_active', to_jsonb(r.is_active)), ('is_staff', to_jsonb(r.is_staff)), ('is_superuser', to_jsonb(r.is_superuser))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='0f8b11bc9498a16fa16aef5ff65bb54cab80f052', level='STATEMENT', operation='INSERT', pgid='pgtrigger_audit_insert_a2e63', referencing='REFERENCING NEW TABLE AS rows_after ', table='teams_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), NULL::bigint, clock_timestamp(), 'user',\n                r.public_id, left(coalesce(r.email, ''), 200), 'update', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r JOIN rows_before o ON o.id = r.id\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.before, f.after)) FROM (VALUES ('email', to_jsonb(o.email), to_jsonb(r.email)), ('name', to_jsonb(o.name), to_jsonb(r.name)), ('is_active', to_jsonb(o.is_active), to_jsonb(r.is_active)), ('is_staff', to_jsonb(o.is_staff), to_jsonb(r.is_staff)), ('is_superuser', to_jsonb(o.is_superuser), to_jsonb(r.is_superuser)), ('password', CASE WHEN o.password = r.password THEN to_jsonb('•••'::text) END, to_jsonb('•••'::text))) AS f(name, before, after) WHERE f.before IS DISTINCT FROM f.after) AS changes) c\n            WHERE c.changes IS NOT NULL\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='bf6cc8aa4843653333f8efb4d8f019bc3f566472', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_43f81', referencing='REFERENCING OLD TABLE AS rows_before  NEW TABLE AS rows_after ', table='teams_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), NULL::bigint, clock_timestamp(), 'user',\n                r.public_id, left(coalesce(r.email, ''), 200), 'delete', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_before r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.value, NULL)) FROM (VALUES ('email', to_jsonb(r.email)), ('name', to_jsonb(r.name)), ('is_active', to_jsonb(r.is_active)), ('is_staff', to_jsonb(r.is_staff)), ('is_superuser', to_jsonb(r.is_superuser))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='4f3eb784fd6758c939952735ff15a00dc2d7fcab', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_82dbf', referencing='REFERENCING OLD TABLE AS rows_before ', table='teams_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='workspace',
            trigger=pgtrigger.compiler.Trigger(name='audit_insert', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.id, clock_timestamp(), 'workspace',\n                r.public_id, left(coalesce(r.name, ''), 200), 'insert', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(NULL, f.value)) FROM (VALUES ('name', to_jsonb(r.name)), ('slug', to_jsonb(r.slug)), ('timezone', to_jsonb(r.timezone)), ('currency', to_jsonb(r.currency)), ('limits', to_jsonb(r.limits))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='f085bbd6579b6a68c3f83da17d8e2f94028a9aaf', level='STATEMENT', operation='INSERT', pgid='pgtrigger_audit_insert_56490', referencing='REFERENCING NEW TABLE AS rows_after ', table='teams_workspace', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='workspace',
            trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.id, clock_timestamp(), 'workspace',\n                r.public_id, left(coalesce(r.name, ''), 200), 'update', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r JOIN rows_before o ON o.id = r.id\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.before, f.after)) FROM (VALUES ('name', to_jsonb(o.name), to_jsonb(r.name)), ('slug', to_jsonb(o.slug), to_jsonb(r.slug)), ('timezone', to_jsonb(o.timezone), to_jsonb(r.timezone)), ('currency', to_jsonb(o.currency), to_jsonb(r.currency)), ('limits', to_jsonb(o.limits), to_jsonb(r.limits))) AS f(name, before, after) WHERE f.before IS DISTINCT FROM f.after) AS changes) c\n            WHERE c.changes IS NOT NULL\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='b727215c8563b3ff93d450396c6cc8223d17bb32', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_4b3eb', referencing='REFERENCING OLD TABLE AS rows_before  NEW TABLE AS rows_after ', table='teams_workspace', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='workspace',
            trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.id, clock_timestamp(), 'workspace',\n                r.public_id, left(coalesce(r.name, ''), 200), 'delete', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_before r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.value, NULL)) FROM (VALUES ('name', to_jsonb(r.name)), ('slug', to_jsonb(r.slug)), ('timezone', to_jsonb(r.timezone)), ('currency', to_jsonb(r.currency)), ('limits', to_jsonb(r.limits))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='e3b751a51e75c55fd68f6738c58c1670f89f39fc', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_27c1f', referencing='REFERENCING OLD TABLE AS rows_before ', table='teams_workspace', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apikey',
            trigger=pgtrigger.compiler.Trigger(name='audit_insert', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'api key',\n                r.public_id, left(coalesce(r.name, ''), 200), 'insert', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(NULL, f.value)) FROM (VALUES ('name', to_jsonb(r.name)), ('role', to_jsonb(r.role)), ('prefix', to_jsonb(r.prefix)), ('made_by', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.made_by_id))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='99696f47086d4cf741b6d432cfa90f8b00a7c321', level='STATEMENT', operation='INSERT', pgid='pgtrigger_audit_insert_9a6fa', referencing='REFERENCING NEW TABLE AS rows_after ', table='teams_apikey', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apikey',
            trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'api key',\n                r.public_id, left(coalesce(r.name, ''), 200), 'update', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r JOIN rows_before o ON o.id = r.id\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.before, f.after)) FROM (VALUES ('name', to_jsonb(o.name), to_jsonb(r.name)), ('role', to_jsonb(o.role), to_jsonb(r.role)), ('prefix', to_jsonb(o.prefix), to_jsonb(r.prefix)), ('made_by', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = o.made_by_id), (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.made_by_id))) AS f(name, before, after) WHERE f.before IS DISTINCT FROM f.after) AS changes) c\n            WHERE c.changes IS NOT NULL\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='3f32aa545888898f7c33d02b0f7cd149962e4d2c', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_545a3', referencing='REFERENCING OLD TABLE AS rows_before  NEW TABLE AS rows_after ', table='teams_apikey', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apikey',
            trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'api key',\n                r.public_id, left(coalesce(r.name, ''), 200), 'delete', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_before r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.value, NULL)) FROM (VALUES ('name', to_jsonb(r.name)), ('role', to_jsonb(r.role)), ('prefix', to_jsonb(r.prefix)), ('made_by', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.made_by_id))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='7cfb6055e02ef9e9fd0af19ec2418ad3d8031a4a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_8eeaf', referencing='REFERENCING OLD TABLE AS rows_before ', table='teams_apikey', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apikey',
            trigger=pgtrigger.compiler.Trigger(name='tell_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            INSERT INTO flexoraa_streamevent (workspace_id, kind, ids)\n            SELECT r.workspace_id, 'key.created', jsonb_agg(r.public_id ORDER BY r.id)\n            FROM rows_after r GROUP BY r.workspace_id;\n            IF FOUND THEN\n                PERFORM pg_notify('flexoraa_events', '');\n            END IF;\n            RETURN NULL;\n        ", hash='73b9e2fb0d9fb6151340d9742b8bddb8516caa79', level='STATEMENT', operation='INSERT', pgid='pgtrigger_tell_insert_fcf2e', referencing='REFERENCING NEW TABLE AS rows_after ', table='teams_apikey', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apikey',
            trigger=pgtrigger.compiler.Trigger(name='tell_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            INSERT INTO flexoraa_streamevent (workspace_id, kind, ids)\n            SELECT r.workspace_id, 'key.updated', jsonb_agg(r.public_id ORDER BY r.id)\n            FROM rows_after r JOIN rows_before o ON o.id = r.id AND (o.role IS DISTINCT FROM r.role) GROUP BY r.workspace_id;\n            IF FOUND THEN\n                PERFORM pg_notify('flexoraa_events', '');\n            END IF;\n            RETURN NULL;\n        ", hash='c7d8d883d6ba46212dab7bfb744f2dbf0967ec7a', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_tell_update_1e390', referencing='REFERENCING OLD TABLE AS rows_before  NEW TABLE AS rows_after ', table='teams_apikey', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apikey',
            trigger=pgtrigger.compiler.Trigger(name='tell_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            INSERT INTO flexoraa_streamevent (workspace_id, kind, ids)\n            SELECT r.workspace_id, 'key.removed', jsonb_agg(r.public_id ORDER BY r.id)\n            FROM rows_before r GROUP BY r.workspace_id;\n            IF FOUND THEN\n                PERFORM pg_notify('flexoraa_events', '');\n            END IF;\n            RETURN NULL;\n        ", hash='325ced58f23546f7094365afe2820d9b4a362540', level='STATEMENT', operation='DELETE', pgid='pgtrigger_tell_delete_77d16', referencing='REFERENCING OLD TABLE AS rows_before ', table='teams_apikey', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='bd16146b5919036c3b154bee69f0dfd13e177071', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_72af4', table='teams_auditevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invitation',
            trigger=pgtrigger.compiler.Trigger(name='audit_insert', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'invitation',\n                r.public_id, left(coalesce(r.email, ''), 200), 'insert', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(NULL, f.value)) FROM (VALUES ('email', to_jsonb(r.email)), ('role', to_jsonb(r.role)), ('sent_at', to_jsonb(r.sent_at)), ('expires_at', to_jsonb(r.expires_at)), ('accepted_at', to_jsonb(r.accepted_at)), ('revoked_at', to_jsonb(r.revoked_at)), ('invited_by', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.invited_by_id)), ('accepted_by', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.accepted_by_id))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='d8de069e339282f63937464fc01d65df4f8e451f', level='STATEMENT', operation='INSERT', pgid='pgtrigger_audit_insert_fe1d7', referencing='REFERENCING NEW TABLE AS rows_after ', table='teams_invitation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invitation',
            trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'invitation',\n                r.public_id, left(coalesce(r.email, ''), 200), 'update', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r JOIN rows_before o ON o.id = r.id\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.before, f.after)) FROM (VALUES ('email', to_jsonb(o.email), to_jsonb(r.email)), ('role', to_jsonb(o.role), to_jsonb(r.role)), ('sent_at', to_jsonb(o.sent_at), to_jsonb(r.sent_at)), ('expires_at', to_jsonb(o.expires_at), to_jsonb(r.expires_at)), ('accepted_at', to_jsonb(o.accepted_at), to_jsonb(r.accepted_at)), ('revoked_at', to_jsonb(o.revoked_at), to_jsonb(r.revoked_at)), ('invited_by', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = o.invited_by_id), (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.invited_by_id)), ('accepted_by', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = o.accepted_by_id), (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.accepted_by_id))) AS f(name, before, after) WHERE f.before IS DISTINCT FROM f.after) AS changes) c\n            WHERE c.changes IS NOT NULL\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='cca7fc3794afd85f289237cd72e740defe31ab41', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_574d1', referencing='REFERENCING OLD TABLE AS rows_before  NEW TABLE AS rows_after ', table='teams_invitation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invitation',
            trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'invitation',\n                r.public_id, left(coalesce(r.email, ''), 200), 'delete', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_before r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.value, NULL)) FROM (VALUES ('email', to_jsonb(r.email)), ('role', to_jsonb(r.role)), ('sent_at', to_jsonb(r.sent_at)), ('expires_at', to_jsonb(r.expires_at)), ('accepted_at', to_jsonb(r.accepted_at)), ('revoked_at', to_jsonb(r.revoked_at)), ('invited_by', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.invited_by_id)), ('accepted_by', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.accepted_by_id))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='cfd932621e8ae5e00db8486b6ec058d7d83bacc3', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_4c228', referencing='REFERENCING OLD TABLE AS rows_before ', table='teams_invitation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='audit_insert', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'membership',\n                r.public_id, left(coalesce((SELECT email FROM teams_user WHERE id = r.user_id), ''), 200), 'insert', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(NULL, f.value)) FROM (VALUES ('role', to_jsonb(r.role)), ('user', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.user_id))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='cf04533011140eadca29048f71216f97c5b82387', level='STATEMENT', operation='INSERT', pgid='pgtrigger_audit_insert_d9595', referencing='REFERENCING NEW TABLE AS rows_after ', table='teams_membership', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'membership',\n                r.public_id, left(coalesce((SELECT email FROM teams_user WHERE id = r.user_id), ''), 200), 'update', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r JOIN rows_before o ON o.id = r.id\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.before, f.after)) FROM (VALUES ('role', to_jsonb(o.role), to_jsonb(r.role)), ('user', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = o.user_id), (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.user_id))) AS f(name, before, after) WHERE f.before IS DISTINCT FROM f.after) AS changes) c\n            WHERE c.changes IS NOT NULL\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='121d40c89d9cdc57e9c26dcd37d2420b096c971f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_445b1', referencing='REFERENCING OLD TABLE AS rows_before  NEW TABLE AS rows_after ', table='teams_membership', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'membership',\n                r.public_id, left(coalesce((SELECT email FROM teams_user WHERE id = r.user_id), ''), 200), 'delete', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_before r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.value, NULL)) FROM (VALUES ('role', to_jsonb(r.role)), ('user', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.user_id))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='72065127763891b67872ab0637f2083369e4904f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_568f2', referencing='REFERENCING OLD TABLE AS rows_before ', table='teams_membership', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='tell_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            INSERT INTO flexoraa_streamevent (workspace_id, kind, ids)\n            SELECT r.workspace_id, 'membership.created', jsonb_agg((SELECT public_id FROM teams_user WHERE id = r.user_id) ORDER BY r.id)\n            FROM rows_after r GROUP BY r.workspace_id;\n            IF FOUND THEN\n                PERFORM pg_notify('flexoraa_events', '');\n            END IF;\n            RETURN NULL;\n        ", hash='46885774ad834538eac34aa1f936b1ecbba852dd', level='STATEMENT', operation='INSERT', pgid='pgtrigger_tell_insert_df659', referencing='REFERENCING NEW TABLE AS rows_after ', table='teams_membership', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='tell_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            INSERT INTO flexoraa_streamevent (workspace_id, kind, ids)\n            SELECT r.workspace_id, 'membership.updated', jsonb_agg((SELECT public_id FROM teams_user WHERE id = r.user_id) ORDER BY r.id)\n            FROM rows_after r JOIN rows_before o ON o.id = r.id AND (o.role IS DISTINCT FROM r.role) GROUP BY r.workspace_id;\n            IF FOUND THEN\n                PERFORM pg_notify('flexoraa_events', '');\n            END IF;\n            RETURN NULL;\n        ", hash='a79fbaee4decf29cff72e2c2f22c58ef64658a97', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_tell_update_21681', referencing='REFERENCING OLD TABLE AS rows_before  NEW TABLE AS rows_after ', table='teams_membership', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='tell_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            INSERT INTO flexoraa_streamevent (workspace_id, kind, ids)\n            SELECT r.workspace_id, 'membership.removed', jsonb_agg((SELECT public_id FROM teams_user WHERE id = r.user_id) ORDER BY r.id)\n            FROM rows_before r GROUP BY r.workspace_id;\n            IF FOUND THEN\n                PERFORM pg_notify('flexoraa_events', '');\n            END IF;\n            RETURN NULL;\n        ", hash='377435aa00115d058d7b4b657fc0c3ddd835a8ab', level='STATEMENT', operation='DELETE', pgid='pgtrigger_tell_delete_eb6d4', referencing='REFERENCING OLD TABLE AS rows_before ', table='teams_membership', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supportvisit',
            trigger=pgtrigger.compiler.Trigger(name='audit_insert', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'support visit',\n                r.public_id, left(coalesce((SELECT email FROM teams_user WHERE id = r.visitor_id), ''), 200), 'insert', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(NULL, f.value)) FROM (VALUES ('reason', to_jsonb(r.reason)), ('ends_at', to_jsonb(r.ends_at)), ('ended_at', to_jsonb(r.ended_at)), ('visitor', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.visitor_id)), ('ended_by', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.ended_by_id))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='dd1e8892f5674e6a7badf2779beebef8ab432e90', level='STATEMENT', operation='INSERT', pgid='pgtrigger_audit_insert_4c27f', referencing='REFERENCING NEW TABLE AS rows_after ', table='teams_supportvisit', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supportvisit',
            trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'support visit',\n                r.public_id, left(coalesce((SELECT email FROM teams_user WHERE id = r.visitor_id), ''), 200), 'update', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r JOIN rows_before o ON o.id = r.id\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.before, f.after)) FROM (VALUES ('reason', to_jsonb(o.reason), to_jsonb(r.reason)), ('ends_at', to_jsonb(o.ends_at), to_jsonb(r.ends_at)), ('ended_at', to_jsonb(o.ended_at), to_jsonb(r.ended_at)), ('visitor', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = o.visitor_id), (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.visitor_id)), ('ended_by', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = o.ended_by_id), (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.ended_by_id))) AS f(name, before, after) WHERE f.before IS DISTINCT FROM f.after) AS changes) c\n            WHERE c.changes IS NOT NULL\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='d3336ee9fd6cb60bb16a44241ac9252935e14211', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_e59b2', referencing='REFERENCING OLD TABLE AS rows_before  NEW TABLE AS rows_after ', table='teams_supportvisit', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supportvisit',
            trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'support visit',\n                r.public_id, left(coalesce((SELECT email FROM teams_user WHERE id = r.visitor_id), ''), 200), 'delete', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_before r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.value, NULL)) FROM (VALUES ('reason', to_jsonb(r.reason)), ('ends_at', to_jsonb(r.ends_at)), ('ended_at', to_jsonb(r.ended_at)), ('visitor', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.visitor_id)), ('ended_by', (SELECT to_jsonb(x.public_id) FROM teams_user x WHERE x.id = r.ended_by_id))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='2d2704d26c24b6ee097b56c79a9d07311a1f86b5', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_5b47c', referencing='REFERENCING OLD TABLE AS rows_before ', table='teams_supportvisit', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supportvisit',
            trigger=pgtrigger.compiler.Trigger(name='tell_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            INSERT INTO flexoraa_streamevent (workspace_id, kind, ids)\n            SELECT r.workspace_id, 'support.created', jsonb_agg(r.public_id ORDER BY r.id)\n            FROM rows_after r GROUP BY r.workspace_id;\n            IF FOUND THEN\n                PERFORM pg_notify('flexoraa_events', '');\n            END IF;\n            RETURN NULL;\n        ", hash='1d0cd29c1d345424d9d463b0cf5b5212c29cb185', level='STATEMENT', operation='INSERT', pgid='pgtrigger_tell_insert_96383', referencing='REFERENCING NEW TABLE AS rows_after ', table='teams_supportvisit', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supportvisit',
            trigger=pgtrigger.compiler.Trigger(name='tell_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            INSERT INTO flexoraa_streamevent (workspace_id, kind, ids)\n            SELECT r.workspace_id, 'support.updated', jsonb_agg(r.public_id ORDER BY r.id)\n            FROM rows_after r JOIN rows_before o ON o.id = r.id AND (o.ended_at IS DISTINCT FROM r.ended_at OR o.ends_at IS DISTINCT FROM r.ends_at) GROUP BY r.workspace_id;\n            IF FOUND THEN\n                PERFORM pg_notify('flexoraa_events', '');\n            END IF;\n            RETURN NULL;\n        ", hash='e05a59fbb96d3624e1b50b197ef97a4238003d5f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_tell_update_eeeb5', referencing='REFERENCING OLD TABLE AS rows_before  NEW TABLE AS rows_after ', table='teams_supportvisit', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supportvisit',
            trigger=pgtrigger.compiler.Trigger(name='tell_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            INSERT INTO flexoraa_streamevent (workspace_id, kind, ids)\n            SELECT r.workspace_id, 'support.removed', jsonb_agg(r.public_id ORDER BY r.id)\n            FROM rows_before r GROUP BY r.workspace_id;\n            IF FOUND THEN\n                PERFORM pg_notify('flexoraa_events', '');\n            END IF;\n            RETURN NULL;\n        ", hash='acbcc4d89d7e63b379bfcf0c44dbce44c182117a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_tell_delete_10208', referencing='REFERENCING OLD TABLE AS rows_before ', table='teams_supportvisit', when='AFTER')),
        ),
    ]
