"""Leads, campaigns and what is done to many of them: the tables of what was built
before the first release, in one step; `replaces` names the steps that it was."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.operations
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import flexoraa.lib.crypto
import flexoraa.lib.ids
import pgtrigger.compiler
import pgtrigger.migrations
import teams.tenant_keys
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True
    replaces = [
        ("leads", "0001_initial"),
        ("leads", "0003_rows_stay_in_their_workspace"),
        ("leads", "0004_keys_are_declared"),
        ("leads", "0005_times_that_reports_count_by"),
        ("leads", "0006_history_by_whom"),
        ("leads", "0007_same_people"),
        ("leads", "0009_ad_accounts"),
        ("leads", "0011_erased_leads_stay_empty"),
    ]

    dependencies = [
        ('teams', '0001_squashed'),
    ]

    operations = [
        django.contrib.postgres.operations.TrigramExtension(
        ),
        django.contrib.postgres.operations.BtreeGinExtension(
        ),
        migrations.CreateModel(
            name='AdAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('external_id', models.CharField(help_text="The digits behind act_ in Meta's Ads Manager.", max_length=30, validators=[django.core.validators.RegexValidator('^\\d{5,30}\\Z', 'Digits only, without act_.')], verbose_name='ad account ID')),
                ('token', flexoraa.lib.crypto.SecretField(blank=True, default='', help_text='With the permission ads_read. Kept encrypted and never shown again.', verbose_name='access token')),
                ('name', models.CharField(blank=True, editable=False, max_length=120)),
                ('currency', models.CharField(blank=True, editable=False, max_length=3)),
                ('timezone', models.CharField(blank=True, editable=False, max_length=64)),
                ('is_active', models.BooleanField(default=True, verbose_name='fetch daily')),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('fetched_at', models.DateTimeField(editable=False, null=True)),
                ('problem', models.CharField(blank=True, editable=False, max_length=200)),
                ('unclaimed', models.JSONField(default=list, editable=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('is_active', True)), fields=['due_at'], name='leads_adaccount_due')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'external_id'), name='leads_adaccount_one_per_id', violation_error_message='This ad account is connected already.')],
            },
        ),
        migrations.CreateModel(
            name='BulkOperation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('kind', models.CharField(choices=[('update', 'Update'), ('assign', 'Assignment'), ('import', 'Import')], max_length=6)),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('applying', 'Applying'), ('applied', 'Applied'), ('cancelled', 'Cancelled'), ('undoing', 'Undoing'), ('undone', 'Undone')], default='planned', max_length=9)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('request', models.JSONField(default=dict)),
                ('receipt', models.JSONField(default=dict)),
                ('plan_hash', models.CharField(blank=True, max_length=64)),
                ('planned', models.IntegerField(default=0, verbose_name='to change')),
                ('dropped', models.JSONField(default=dict)),
                ('applied', models.IntegerField(default=0, verbose_name='changed')),
                ('moved', models.IntegerField(default=0, verbose_name='moved since')),
                ('undone', models.IntegerField(default=0, verbose_name='restored')),
                ('kept', models.IntegerField(default=0, verbose_name='kept as edited')),
                ('cursor', models.BigIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('started_at', models.DateTimeField(null=True)),
                ('worked_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('undone_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['applying', 'undoing'])), fields=['worked_at'], name='leads_bulkoperation_running')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'id'), name='leads_bulkoperation_whose'), models.CheckConstraint(condition=models.Q(('state__in', ['planned', 'applying', 'applied', 'cancelled', 'undoing', 'undone'])), name='leads_bulkoperation_state_known')],
            },
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('code', models.SlugField(help_text='Short and lasting: diwali-2026.', max_length=60)),
                ('name', models.CharField(max_length=120)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('paused', 'Paused'), ('ended', 'Ended')], default='active', max_length=6)),
                ('channel', models.CharField(choices=[('whatsapp', 'WhatsApp'), ('instagram', 'Instagram'), ('facebook', 'Facebook'), ('email', 'E-mail'), ('call', 'Calls'), ('event', 'Event'), ('other', 'Other')], default='other', max_length=10)),
                ('starts_on', models.DateField(blank=True, null=True)),
                ('ends_on', models.DateField(blank=True, null=True)),
                ('budget_paise', models.BigIntegerField(default=0, verbose_name='budget in paise')),
                ('currency', models.CharField(default='INR', max_length=3)),
                ('ad_ids', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, default=list, help_text="Ids of Meta's ads, separated by commas; who writes after clicking one of them is a lead of this campaign.", size=None)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(condition=models.Q(('ad_ids', []), _negated=True), fields=['ad_ids'], name='leads_campaign_ads')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'code'), name='leads_campaign_one_per_code', violation_error_message='There is a campaign with this code already.'), models.UniqueConstraint(fields=('workspace', 'id'), name='leads_campaign_whose'), models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'active', 'paused', 'ended'])), name='leads_campaign_status_known'), models.CheckConstraint(condition=models.Q(('budget_paise__gte', 0)), name='leads_campaign_budget_not_negative'), models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='leads_campaign_ends_after_start', violation_error_message='It cannot end before it starts.')],
            },
        ),
        migrations.CreateModel(
            name='CustomField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('key', models.SlugField(help_text='Its name in the API and in files; it stays.', max_length=40)),
                ('label', models.CharField(max_length=80)),
                ('kind', models.CharField(choices=[('text', 'Text'), ('number', 'Number'), ('flag', 'Yes or no'), ('date', 'Date'), ('choice', 'One of a list')], default='text', max_length=6)),
                ('choices', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, help_text='For one of a list: what may be chosen, separated by commas.', size=None)),
                ('position', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'key'), name='leads_customfield_one_per_key', violation_error_message='There is a field with this key already.'), models.CheckConstraint(condition=models.Q(('kind__in', ['text', 'number', 'flag', 'date', 'choice'])), name='leads_customfield_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='ImportJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('filename', models.CharField(max_length=200)),
                ('content', models.BinaryField(null=True)),
                ('size', models.IntegerField(verbose_name='size in bytes')),
                ('state', models.CharField(choices=[('uploaded', 'Uploaded'), ('reading', 'Reading'), ('checked', 'Checked'), ('importing', 'Importing'), ('imported', 'Imported'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], default='uploaded', max_length=9)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('columns', models.JSONField(default=list)),
                ('sample', models.JSONField(default=list)),
                ('mapping', models.JSONField(default=list)),
                ('defaults', models.JSONField(default=dict)),
                ('on_duplicate', models.CharField(choices=[('skip', 'Leave it as it is'), ('update', 'Overwrite it with what the file says'), ('merge', 'Fill in what it does not have yet')], default='skip', max_length=6)),
                ('is_dry_run', models.BooleanField(default=True, verbose_name='stop after checking')),
                ('region', models.CharField(default='IN', max_length=2)),
                ('rows', models.IntegerField(default=0)),
                ('outcomes', models.JSONField(default=dict)),
                ('cursor', models.BigIntegerField(default=0)),
                ('error', models.CharField(blank=True, max_length=500)),
                ('operation', models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='import_job', to='leads.bulkoperation')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('worked_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['reading', 'importing'])), fields=['worked_at'], name='leads_importjob_running')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'id'), name='leads_importjob_whose'), models.CheckConstraint(condition=models.Q(('state__in', ['uploaded', 'reading', 'checked', 'importing', 'imported', 'cancelled', 'failed'])), name='leads_importjob_state_known'), teams.tenant_keys.TenantKey('operation', name='leads_importjob_operation_whose')],
            },
        ),
        migrations.CreateModel(
            name='LeadSettings',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='lead_settings', serialize=False, to='teams.workspace')),
                ('region', models.CharField(db_default='IN', default='IN', help_text='Whose phone numbers are written without a country code: IN.', max_length=2, validators=[django.core.validators.RegexValidator('^[A-Z]{2}\\Z', 'Two capital letters: IN.')])),
                ('sdr_sees_all', models.BooleanField(db_default=False, default=False, help_text="Else only their own and those that are nobody's.", verbose_name='SDRs see all leads')),
                ('makes_leads_of_messages', models.BooleanField(db_default=True, default=True, help_text='Whoever writes for the first time becomes a lead.')),
                ('scored_on', models.DateField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name_plural': 'lead settings',
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('name', models.CharField(max_length=80)),
                ('filter', models.JSONField(default=dict)),
                ('user', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('is_shared', models.BooleanField(default=False, verbose_name='shared with the team')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'user', 'name'), name='leads_savedview_one_per_name', violation_error_message='You have a view of this name already.')],
            },
        ),
        migrations.CreateModel(
            name='ScoreRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('fact', models.CharField(choices=[('has_phone', 'has a phone number'), ('has_email', 'has an e-mail address'), ('has_company', 'has a company'), ('has_tag', 'has the tag …'), ('has_source', 'came from …'), ('value_from', 'is worth … rupees or more'), ('custom_is', 'has the custom field … (key=value)'), ('touched_within', 'was touched in the last … days'), ('quiet_for', 'did not change for … days'), ('paid', 'has paid before')], max_length=14)),
                ('argument', models.CharField(blank=True, max_length=120)),
                ('points', models.IntegerField(help_text='From -100 to 100.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'fact', 'argument'), name='leads_scorerule_once', violation_error_message='There is such a rule already.'), models.CheckConstraint(condition=models.Q(('points__gte', -100), ('points__lte', 100)), name='leads_scorerule_points', violation_error_message='Points go from -100 to 100.')],
            },
        ),
        migrations.CreateModel(
            name='SpendEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('campaign', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='spend', to='leads.campaign')),
                ('day', models.DateField(help_text="In the ad account's time zone.")),
                ('kind', models.CharField(choices=[('ad', 'Ads'), ('message', 'Messages'), ('other', 'Other')], default='ad', max_length=7)),
                ('amount_paise', models.BigIntegerField(verbose_name='amount in paise')),
                ('currency', models.CharField(default='INR', max_length=3)),
                ('account_tz', models.CharField(blank=True, max_length=64, verbose_name='time zone of the ad account')),
                ('source', models.CharField(choices=[('manual', 'Typed in'), ('csv', 'From a file'), ('meta', 'From Meta')], default='manual', editable=False, max_length=6)),
                ('reference', models.CharField(blank=True, help_text='Ad, invoice or line that says so.', max_length=120)),
                ('replaced_by', models.OneToOneField(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='replaces', to='leads.spendentry')),
                ('by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'verbose_name_plural': 'spend entries',
                'indexes': [models.Index(fields=['workspace', 'campaign', '-day'], name='leads_spendentry_days')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'id'), name='leads_spendentry_whose'), models.UniqueConstraint(condition=models.Q(('replaced_by__isnull', True), models.Q(('source', 'manual'), _negated=True)), fields=('campaign', 'day', 'kind', 'source', 'reference'), name='leads_spendentry_one_current'), models.CheckConstraint(condition=models.Q(('amount_paise__gte', 0)), name='leads_spendentry_not_negative'), models.CheckConstraint(condition=models.Q(('kind__in', ['ad', 'message', 'other'])), name='leads_spendentry_kind_known'), teams.tenant_keys.TenantKey('campaign', name='leads_spendentry_campaign_whose'), teams.tenant_keys.TenantKey('replaced_by', name='leads_spendentry_replaced_by_whose')],
            },
        ),
        migrations.CreateModel(
            name='Stage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('name', models.CharField(max_length=60)),
                ('kind', models.CharField(choices=[('open', 'Open'), ('won', 'Won'), ('lost', 'Lost')], default='open', max_length=4)),
                ('position', models.PositiveIntegerField(default=0, help_text='Stages run from low to high.')),
                ('is_qualified', models.BooleanField(default=False, help_text='Whoever gets here counts as a qualified lead.', verbose_name='qualified')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='leads_stage_one_per_name', violation_error_message='There is a stage of this name already.'), models.UniqueConstraint(fields=('workspace', 'id'), name='leads_stage_whose'), models.CheckConstraint(condition=models.Q(('kind__in', ['open', 'won', 'lost'])), name='leads_stage_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='Lead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('phone', models.CharField(blank=True, help_text='International form (E.164), such as +919876543210.', max_length=16, validators=[django.core.validators.RegexValidator('^\\+[1-9]\\d{6,14}\\Z', 'Give the number with its country code, such as +919876543210.')])),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail address')),
                ('company', models.CharField(blank=True, max_length=200)),
                ('stage', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='leads', to='leads.stage')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='leads', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='leads', to='leads.campaign')),
                ('source', models.CharField(blank=True, help_text='Where they came from: website, fair, …', max_length=60)),
                ('value_paise', models.BigIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(1000000000000000)], verbose_name='value in paise')),
                ('currency', models.CharField(db_default='INR', default='INR', max_length=3)),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), blank=True, db_default=[], default=list, size=None)),
                ('custom', models.JSONField(blank=True, db_default={}, default=dict, verbose_name='custom fields')),
                ('consent', models.CharField(choices=[('unknown', 'Not asked'), ('granted', 'Agreed'), ('withdrawn', 'Withdrawn')], db_default='unknown', default='unknown', max_length=9)),
                ('external_id', models.CharField(blank=True, help_text='Their id in your systems.', max_length=120, verbose_name='external ID')),
                ('lost_reason', models.CharField(blank=True, max_length=200)),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('score', models.IntegerField(db_default=0, default=0, editable=False)),
                ('score_parts', models.JSONField(blank=True, db_default=[], default=list, editable=False)),
                ('version', models.IntegerField(db_default=1, default=1, editable=False)),
                ('merged_into', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='leads.lead')),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('erased_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('archived_at__isnull', True), ('merged_into__isnull', True)), fields=['workspace', 'stage', '-id'], name='leads_lead_by_stage'), models.Index(condition=models.Q(('archived_at__isnull', True), ('merged_into__isnull', True)), fields=['workspace', 'owner', '-id'], name='leads_lead_by_owner'), models.Index(condition=models.Q(('archived_at__isnull', True), ('merged_into__isnull', True), ('campaign__isnull', False)), fields=['workspace', 'campaign', '-id'], name='leads_lead_by_campaign'), models.Index(condition=models.Q(('archived_at__isnull', True), ('merged_into__isnull', True)), fields=['workspace', '-updated_at', '-id'], name='leads_lead_latest'), models.Index(condition=models.Q(('archived_at__isnull', True), ('merged_into__isnull', True)), fields=['workspace', '-score', '-id'], name='leads_lead_by_score'), models.Index(condition=models.Q(('archived_at__isnull', True), ('merged_into__isnull', True)), fields=['workspace', '-value_paise', '-id'], name='leads_lead_by_value'), models.Index(condition=models.Q(('archived_at__isnull', True), ('merged_into__isnull', True), models.Q(('phone', ''), _negated=True)), fields=['workspace', 'phone'], name='leads_lead_phone'), models.Index(condition=models.Q(('archived_at__isnull', True), ('merged_into__isnull', True), models.Q(('email', ''), _negated=True)), fields=['workspace', 'email'], name='leads_lead_email'), models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['merged_into'], name='leads_lead_merged'), models.Index(condition=models.Q(('closed_at__isnull', False)), fields=['workspace', 'closed_at'], name='leads_lead_closed'), django.contrib.postgres.indexes.GinIndex(condition=models.Q(('tags', []), _negated=True), fields=['workspace', 'tags'], name='leads_lead_tags'), django.contrib.postgres.indexes.GinIndex(models.F('workspace'), django.contrib.postgres.indexes.OpClass(models.F('custom'), 'jsonb_path_ops'), condition=models.Q(('custom', {}), _negated=True), name='leads_lead_custom')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'id'), name='leads_lead_whose'), models.UniqueConstraint(condition=models.Q(('archived_at__isnull', True), ('merged_into__isnull', True), models.Q(('external_id', ''), _negated=True)), fields=('workspace', 'external_id'), name='leads_lead_one_per_external_id', violation_error_message='Another lead has this external ID.'), models.CheckConstraint(condition=models.Q(('value_paise__gte', 0)), name='leads_lead_value_not_negative'), models.CheckConstraint(condition=models.Q(('consent__in', ['unknown', 'granted', 'withdrawn'])), name='leads_lead_consent_known'), models.CheckConstraint(condition=models.Q(('phone', ''), ('phone__regex', '^\\+[1-9][0-9]{6,14}$'), _connector='OR'), name='leads_lead_phone_e164', violation_error_message='A phone number needs its country code.'), models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), models.Q(('merged_into', models.F('id')), _negated=True), _connector='OR'), name='leads_lead_not_merged_into_itself'), teams.tenant_keys.TenantKey('stage', name='leads_lead_stage_whose'), teams.tenant_keys.TenantKey('campaign', name='leads_lead_campaign_whose'), teams.tenant_keys.TenantKey('merged_into', name='leads_lead_merged_into_whose')],
            },
        ),
        migrations.CreateModel(
            name='AssignmentInterval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='leads.lead')),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('bulk', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='leads.bulkoperation')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'default_related_name': 'assignment_intervals',
                'indexes': [models.Index(fields=['lead', 'started_at'], name='leads_assignment_of_lead'), models.Index(fields=['workspace', 'user', 'started_at'], name='leads_assignment_of_user')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('lead',), name='leads_assignmentinterval_one_open'), models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='leads_assignmentinterval_forward'), teams.tenant_keys.TenantKey('lead', name='leads_assignmentinterval_lead_whose'), teams.tenant_keys.TenantKey('bulk', name='leads_assignmentinterval_bulk_whose')],
            },
        ),
        migrations.CreateModel(
            name='BulkChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('operation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='leads.bulkoperation')),
                ('lead', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='bulk_changes', to='leads.lead')),
                ('version', models.IntegerField()),
                ('before', models.JSONField(default=dict)),
                ('after', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('planned', 'To change'), ('dropped', 'Left out'), ('applied', 'Changed'), ('moved', 'Moved since the plan'), ('undone', 'Restored'), ('kept', 'Kept as edited since')], max_length=7)),
                ('reason', models.CharField(blank=True, db_default='', max_length=20)),
                ('conflicts', models.JSONField(db_default=[], default=list)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('operation', 'lead'), name='leads_bulkchange_one_per_lead'), models.CheckConstraint(condition=models.Q(('state__in', ['planned', 'dropped', 'applied', 'moved', 'undone', 'kept'])), name='leads_bulkchange_state_known'), teams.tenant_keys.TenantKey('operation', name='leads_bulkchange_operation_whose'), teams.tenant_keys.TenantKey('lead', name='leads_bulkchange_lead_whose')],
            },
        ),
        migrations.CreateModel(
            name='Duplicate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('first', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead')),
                ('second', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead')),
                ('score', models.IntegerField()),
                ('evidence', models.JSONField(default=list)),
                ('found_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('dismissed_at', models.DateTimeField(blank=True, null=True)),
                ('dismissed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'possible duplicate',
                'indexes': [models.Index(condition=models.Q(('dismissed_at__isnull', True)), fields=['workspace', '-score', '-id'], name='leads_duplicate_likeliest')],
                'constraints': [models.UniqueConstraint(fields=('first', 'second'), name='leads_duplicate_once'), models.CheckConstraint(condition=models.Q(('second__gt', models.F('first'))), name='leads_duplicate_older_first'), teams.tenant_keys.TenantKey('first', name='leads_duplicate_first_whose'), teams.tenant_keys.TenantKey('second', name='leads_duplicate_second_whose')],
            },
        ),
        migrations.CreateModel(
            name='ImportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('job', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='leads.importjob')),
                ('number', models.IntegerField()),
                ('data', models.JSONField(null=True)),
                ('raw', models.JSONField(null=True)),
                ('outcome', models.CharField(blank=True, choices=[('new', 'New lead'), ('update', 'Changes a lead'), ('skip', 'Is there already'), ('repeat', 'Repeats an earlier row'), ('error', 'Has errors')], max_length=6)),
                ('errors', models.JSONField(db_default=[], default=list)),
                ('lead', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='leads.lead')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('job', 'number'), name='leads_importrow_one'), teams.tenant_keys.TenantKey('job', name='leads_importrow_job_whose'), teams.tenant_keys.TenantKey('lead', name='leads_importrow_lead_whose')],
            },
        ),
        migrations.CreateModel(
            name='LeadEdit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='edits', to='leads.lead')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('changes', models.JSONField()),
            ],
            options={
                'indexes': [models.Index(fields=['lead', '-id'], name='leads_leadedit_of_lead')],
                'constraints': [teams.tenant_keys.TenantKey('lead', name='leads_leadedit_lead_whose')],
            },
        ),
        migrations.CreateModel(
            name='LeadText',
            fields=[
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('lead', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='text', serialize=False, to='leads.lead')),
                ('words', models.TextField()),
                ('document', django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(models.F('workspace'), django.contrib.postgres.indexes.OpClass(models.F('words'), 'gin_trgm_ops'), name='leads_leadtext_words'), django.contrib.postgres.indexes.GinIndex(fields=['workspace', 'document'], name='leads_leadtext_document')],
                'constraints': [teams.tenant_keys.TenantKey('lead', name='leads_leadtext_lead_whose')],
            },
        ),
        migrations.CreateModel(
            name='MergeRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('winner', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='leads.lead')),
                ('loser', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead')),
                ('filled', models.JSONField(default=dict)),
                ('moved', models.JSONField(db_default=[], default=list)),
                ('evidence', models.JSONField(default=list)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-id'], name='leads_mergerecord_newest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('loser',), name='leads_mergerecord_one_standing'), teams.tenant_keys.TenantKey('winner', name='leads_mergerecord_winner_whose'), teams.tenant_keys.TenantKey('loser', name='leads_mergerecord_loser_whose')],
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='leads.lead')),
                ('author', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('text', models.TextField(max_length=10000)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'indexes': [models.Index(fields=['lead', '-id'], name='leads_note_of_lead')],
                'constraints': [teams.tenant_keys.TenantKey('lead', name='leads_note_lead_whose')],
            },
        ),
        migrations.CreateModel(
            name='Revenue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('lead', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='revenue', to='leads.lead')),
                ('amount_paise', models.BigIntegerField(verbose_name='amount in paise')),
                ('currency', models.CharField(default='INR', max_length=3)),
                ('at', models.DateTimeField()),
                ('source', models.CharField(choices=[('manual', 'Typed in'), ('razorpay', 'Razorpay'), ('import', 'Import')], default='manual', max_length=8)),
                ('reference', models.CharField(blank=True, help_text='The payment or refund that it is.', max_length=120)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name_plural': 'revenue',
                'indexes': [models.Index(fields=['workspace', 'at'], name='leads_revenue_times')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('reference', ''), _negated=True), fields=('workspace', 'source', 'reference'), name='leads_revenue_once'), models.CheckConstraint(condition=models.Q(('amount_paise', 0), _negated=True), name='leads_revenue_not_nothing'), models.CheckConstraint(condition=models.Q(('source__in', ['manual', 'razorpay', 'import'])), name='leads_revenue_source_known'), teams.tenant_keys.TenantKey('lead', name='leads_revenue_lead_whose')],
            },
        ),
        migrations.CreateModel(
            name='StageInterval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='leads.lead')),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('bulk', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='leads.bulkoperation')),
                ('stage', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.stage')),
            ],
            options={
                'default_related_name': 'stage_intervals',
                'indexes': [models.Index(fields=['lead', 'started_at'], name='leads_stageinterval_of_lead'), models.Index(fields=['workspace', 'started_at'], name='leads_stageinterval_times'), models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['workspace', 'ended_at'], name='leads_stageinterval_ends')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('lead',), name='leads_stageinterval_one_open'), models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='leads_stageinterval_forward'), teams.tenant_keys.TenantKey('lead', name='leads_stageinterval_lead_whose'), teams.tenant_keys.TenantKey('bulk', name='leads_stageinterval_bulk_whose'), teams.tenant_keys.TenantKey('stage', name='leads_stageinterval_stage_whose')],
            },
        ),
        migrations.CreateModel(
            name='Stale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('look', models.CharField(choices=[('score', 'Score'), ('twins', 'Duplicates')], max_length=5)),
                ('leads', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), null=True, size=None)),
                ('after', models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                'verbose_name_plural': 'stale leads',
                'indexes': [models.Index(fields=['look', 'id'], name='leads_stale_in_turn')],
                'constraints': [models.CheckConstraint(condition=models.Q(('look__in', ['score', 'twins'])), name='leads_stale_look_known')],
            },
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tasks', to='leads.lead')),
                ('title', models.CharField(max_length=200)),
                ('due_at', models.DateTimeField()),
                ('assignee', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'indexes': [models.Index(fields=['lead', 'due_at'], name='leads_task_of_lead'), models.Index(fields=['workspace', 'due_at', 'id'], name='leads_task_due'), models.Index(condition=models.Q(('done_at__isnull', True)), fields=['workspace', 'assignee', 'due_at', 'id'], name='leads_task_open_of')],
                'constraints': [teams.tenant_keys.TenantKey('lead', name='leads_task_lead_whose')],
            },
        ),
        migrations.CreateModel(
            name='Touch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=flexoraa.lib.ids.uuid7, editable=False, unique=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.workspace')),
                ('lead', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='touches', to='leads.lead')),
                ('campaign', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='touches', to='leads.campaign')),
                ('kind', models.CharField(choices=[('ad', 'Ad clicked'), ('message', 'Message'), ('form', 'Form'), ('import', 'Import'), ('manual', 'Noted by hand')], max_length=7)),
                ('at', models.DateTimeField()),
                ('click_id', models.CharField(blank=True, max_length=512)),
                ('ad_id', models.CharField(blank=True, max_length=64)),
                ('detail', models.CharField(blank=True, max_length=300)),
                ('key', models.CharField(blank=True, max_length=600)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name_plural': 'touches',
                'indexes': [models.Index(fields=['workspace', 'at'], name='leads_touch_times'), models.Index(condition=models.Q(('campaign__isnull', True), models.Q(('ad_id', ''), _negated=True)), fields=['workspace', 'ad_id'], name='leads_touch_without_campaign')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('key', ''), _negated=True), fields=('workspace', 'key'), name='leads_touch_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['ad', 'message', 'form', 'import', 'manual'])), name='leads_touch_kind_known'), teams.tenant_keys.TenantKey('lead', name='leads_touch_lead_whose'), teams.tenant_keys.TenantKey('campaign', name='leads_touch_campaign_whose')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='adaccount',
            trigger=pgtrigger.compiler.Trigger(name='audit_insert', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'ad account',\n                r.public_id, left(coalesce(r.external_id, ''), 200), 'insert', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(NULL, f.value)) FROM (VALUES ('external_id', to_jsonb(r.external_id)), ('is_active', to_jsonb(r.is_active))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='3841e81588565779aea2c448b570f30227026ac4', level='STATEMENT', operation='INSERT', pgid='pgtrigger_audit_insert_eb114', referencing='REFERENCING NEW TABLE AS rows_after ', table='leads_adaccount', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='adaccount',
            trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'ad account',\n                r.public_id, left(coalesce(r.external_id, ''), 200), 'update', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_after r JOIN rows_before o ON o.id = r.id\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.before, f.after)) FROM (VALUES ('external_id', to_jsonb(o.external_id), to_jsonb(r.external_id)), ('is_active', to_jsonb(o.is_active), to_jsonb(r.is_active))) AS f(name, before, after) WHERE f.before IS DISTINCT FROM f.after) AS changes) c\n            WHERE c.changes IS NOT NULL\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='5b4ec589f406c06239481b12eb8601a60121e938', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_4a72a', referencing='REFERENCING OLD TABLE AS rows_before  NEW TABLE AS rows_after ', table='leads_adaccount', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='adaccount',
            trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE who jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb;", func="\n            INSERT INTO teams_auditevent (public_id, workspace_id, at, subject, subject_id,\n                label, action, changes, actor_id, door, request_id)\n            SELECT gen_random_uuid(), r.workspace_id, clock_timestamp(), 'ad account',\n                r.public_id, left(coalesce(r.external_id, ''), 200), 'delete', c.changes,\n                (who->>'user')::bigint, coalesce(who->>'door', 'system'),\n                coalesce(who->>'request_id', '')\n            FROM rows_before r\n            CROSS JOIN LATERAL (SELECT (SELECT jsonb_object_agg(f.name, jsonb_build_array(f.value, NULL)) FROM (VALUES ('external_id', to_jsonb(r.external_id)), ('is_active', to_jsonb(r.is_active))) AS f(name, value) WHERE f.value IS NOT NULL AND f.value <> 'null') AS changes) c\n            WHERE TRUE\n            ORDER BY r.id;\n            RETURN NULL;\n        ", hash='03b3cd1864a654530620acde3a1cd0f2ca10c51e', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_f5b48', referencing='REFERENCING OLD TABLE AS rows_before ', table='leads_adaccount', when='AFTER')),
        ),
    ]
