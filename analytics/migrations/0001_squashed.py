"""Counts, opening hours, and what is told to Meta: the tables of what was built
before the first release, in one step; `replaces` names the steps that it was."""

import analytics.models.calendar
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import flexoraa.lib.crypto
import flexoraa.lib.ids
import pgtrigger.compiler
import pgtrigger.migrations
import teams.tenant_keys
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True
    replaces = [
        ("analytics", "0001_initial"),
        ("analytics", "0003_no_snapshots_yet"),
        ("analytics", "0004_conversions"),
    ]

    dependencies = [
        ('leads', '0001_squashed'),
        ('teams', '0001_squashed'),
    ]

    operations = [
        migrations.CreateModel(
            name='ConversionEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('lead', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead')),
                ('name', models.CharField(choices=[('LeadSubmitted', 'Lead'), ('Purchase', 'Purchase')], max_length=20)),
                ('key', models.CharField(max_length=100)),
                ('at', models.DateTimeField()),
                ('amount_paise', models.BigIntegerField(blank=True, null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Told'), ('skipped', 'Left out'), ('failed', 'Refused')], db_default='waiting', default='waiting', max_length=8)),
                ('channel', models.CharField(blank=True, db_default='', max_length=20)),
                ('said', models.CharField(blank=True, db_default='', max_length=300)),
                ('trace_id', models.CharField(blank=True, db_default='', max_length=80)),
                ('attempts', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ('-id',),
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['due_at', 'id'], name='analytics_conversion_due'), models.Index(fields=['workspace', '-id'], name='analytics_conversion_list')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'key'), name='analytics_conversionevent_once'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'sent', 'skipped', 'failed'])), name='analytics_conversionevent_state_known'), models.CheckConstraint(condition=models.Q(('name__in', ['LeadSubmitted', 'Purchase'])), name='analytics_conversionevent_name_known'), teams.tenant_keys.TenantKey('lead', name='analytics_conversionevent_lead_whose')],
            },
        ),
        migrations.CreateModel(
            name='ConversionSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='conversion_settings', to='teams.workspace')),
                ('is_on', models.BooleanField(default=False, help_text='Only about people who agreed and who came through an ad.', verbose_name='tell Meta')),
                ('dataset_id', models.CharField(blank=True, help_text='From Events Manager; linked to the number, page or account.', max_length=32, validators=[django.core.validators.RegexValidator('^\\d{5,32}\\Z', 'The digits from Events Manager.')], verbose_name='dataset ID')),
                ('token', flexoraa.lib.crypto.SecretField(blank=True, default='', help_text='Of a system user who may manage the dataset.', verbose_name='access token')),
                ('lead_stage', models.ForeignKey(blank=True, help_text='Whoever gets to this stage is told as a lead; without one nobody.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.stage')),
                ('tells_purchases', models.BooleanField(db_default=True, default=True, verbose_name='tell revenue as purchases')),
                ('since', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name': 'conversions to Meta',
                'verbose_name_plural': 'conversions to Meta',
                'constraints': [models.CheckConstraint(condition=models.Q(('is_on', False), models.Q(('since__isnull', False), models.Q(('dataset_id', ''), _negated=True), models.Q(('token', ''), _negated=True)), _connector='OR'), name='analytics_conversionsettings_complete', violation_error_message='Give a dataset and a token to tell Meta.'), teams.tenant_keys.TenantKey('lead_stage', name='analytics_conversionsettings_stage_whose')],
            },
        ),
        migrations.CreateModel(
            name='DayCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('family', models.CharField(max_length=12)),
                ('day', models.DateField()),
                ('measure', models.CharField(max_length=40)),
                ('dimension', models.CharField(blank=True, max_length=12)),
                ('member', models.CharField(blank=True, max_length=80)),
                ('n', models.BigIntegerField()),
                ('values', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), null=True, size=None)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'family', 'day', 'measure', 'dimension', 'member'), include=('n',), name='analytics_daycount_one')],
            },
        ),
        migrations.CreateModel(
            name='Dirt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('family', models.CharField(blank=True, max_length=12)),
                ('day', models.DateField(null=True)),
                ('leads', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), null=True, size=None)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name_plural': 'dirt',
                'indexes': [models.Index(fields=['workspace'], name='analytics_dirt_workspace')],
            },
        ),
        migrations.CreateModel(
            name='Filled',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('family', models.CharField(max_length=12)),
                ('day', models.DateField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'filled days',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'family', 'day'), name='analytics_filled_one')],
            },
        ),
        migrations.CreateModel(
            name='Holiday',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('day', models.DateField()),
                ('name', models.CharField(blank=True, max_length=120)),
            ],
            options={
                'ordering': ('day',),
                'constraints': [models.UniqueConstraint(fields=('workspace', 'day'), name='analytics_holiday_once', violation_error_message='This day is a holiday already.')],
            },
        ),
        migrations.CreateModel(
            name='ReportSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='report_settings', to='teams.workspace')),
                ('hours', models.JSONField(blank=True, default=dict, help_text='{"mon": [["09:30", "18:30"]], …} on the workspace\'s clocks; empty: around the clock.', validators=[analytics.models.calendar.is_week], verbose_name='weekly hours')),
                ('sla_seconds', models.PositiveIntegerField(default=3600, validators=[django.core.validators.MinValueValidator(1)], verbose_name='first response target in seconds')),
                ('lookback_days', models.PositiveSmallIntegerField(default=90, help_text='A touch earns revenue that comes within so many days.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(365)])),
                ('horizon_days', models.PositiveSmallIntegerField(default=60, help_text='A lead that gets further within so many days has converted; twice the usual time from new to won is a good choice.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(365)])),
                ('margin_percent', models.PositiveSmallIntegerField(blank=True, help_text='For the payback time.', null=True, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='gross margin in percent')),
                ('sdr_sees', models.CharField(choices=[('own', 'Only themselves'), ('team', 'The whole team')], default='own', max_length=4, verbose_name='SDRs see in the ranking')),
                ('changed_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'verbose_name_plural': 'report settings',
                'constraints': [models.CheckConstraint(condition=models.Q(('sla_seconds__gte', 1), ('lookback_days__range', (1, 365)), ('horizon_days__range', (1, 365))), name='analytics_reportsettings_sane')],
            },
        ),
        migrations.CreateModel(
            name='WorkingSpan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'starts_at'), name='analytics_workingspan_once'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='analytics_workingspan_forward')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='conversionsettings',
            trigger=pgtrigger.compiler.Trigger(name='audit_insert', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'conversions',\n                r.public_id, left(coalesce('Conversions to Meta', ''), 200), 'insert', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(NULL, f.value)) FROM (VALUES ('is_on', to_jsonb(r.is_on)), ('dataset_id', to_jsonb(r.dataset_id)), ('tells_purchases', to_jsonb(r.tells_purchases))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='ceb51aeca228cb30085b8cb2da9198b04c6ee205', level='STATEMENT', operation='INSERT', pgid='pgtrigger_audit_insert_66d1d', referencing='REFERENCING NEW TABLE AS rows_after ', table='analytics_conversionsettings', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='conversionsettings',
            trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'conversions',\n                r.public_id, left(coalesce('Conversions to Meta', ''), 200), 'update', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r JOIN rows_before o ON o.id = r.id\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.before, f.after)) FROM (VALUES ('is_on', to_jsonb(o.is_on), to_jsonb(r.is_on)), ('dataset_id', to_jsonb(o.dataset_id), to_jsonb(r.dataset_id)), ('tells_purchases', to_jsonb(o.tells_purchases), to_jsonb(r.tells_purchases)), ('token', CASE WHEN o.token = r.token THEN to_jsonb('•••'::text) END, to_jsonb('•••'::text))) AS f(name, before, after) WHERE f.before IS DISTINCT FROM f.after) AS changes) c\n            WHERE c.changes IS NOT NULL\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='25210009404789ad18d8cb05d9479dba5a1bb154', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_633dc', referencing='REFERENCING OLD TABLE AS rows_before  NEW TABLE AS rows_after ', table='analytics_conversionsettings', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='conversionsettings',
            trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'conversions',\n                r.public_id, left(coalesce('Conversions to Meta', ''), 200), 'delete', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_before r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.value, NULL)) FROM (VALUES ('is_on', to_jsonb(r.is_on)), ('dataset_id', to_jsonb(r.dataset_id)), ('tells_purchases', to_jsonb(r.tells_purchases))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='15d8cb3b12d26f593c94ff26da6bbec2ea252a8f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_9d3e1', referencing='REFERENCING OLD TABLE AS rows_before ', table='analytics_conversionsettings', when='AFTER')),
        ),
    ]
