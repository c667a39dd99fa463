"""The keys of 0003 as Django knows them: the database has them already."""

import teams.tenant_keys
from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0003_rows_stay_in_their_workspace"),
        ("teams", "0003_audit_trail"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name="assignmentinterval",
                    constraint=teams.tenant_keys.TenantKey(
                        "lead", name="leads_assignmentinterval_lead_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="assignmentinterval",
                    constraint=teams.tenant_keys.TenantKey(
                        "bulk", name="leads_assignmentinterval_bulk_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="bulkchange",
                    constraint=teams.tenant_keys.TenantKey(
                        "operation", name="leads_bulkchange_operation_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="bulkchange",
                    constraint=teams.tenant_keys.TenantKey(
                        "lead", name="leads_bulkchange_lead_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="importjob",
                    constraint=teams.tenant_keys.TenantKey(
                        "operation", name="leads_importjob_operation_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="importrow",
                    constraint=teams.tenant_keys.TenantKey(
                        "job", name="leads_importrow_job_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="importrow",
                    constraint=teams.tenant_keys.TenantKey(
                        "lead", name="leads_importrow_lead_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="lead",
                    constraint=teams.tenant_keys.TenantKey(
                        "stage", name="leads_lead_stage_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="lead",
                    constraint=teams.tenant_keys.TenantKey(
                        "campaign", name="leads_lead_campaign_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="lead",
                    constraint=teams.tenant_keys.TenantKey(
                        "merged_into", name="leads_lead_merged_into_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="leadedit",
                    constraint=teams.tenant_keys.TenantKey(
                        "lead", name="leads_leadedit_lead_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="leadtext",
                    constraint=teams.tenant_keys.TenantKey(
                        "lead", name="leads_leadtext_lead_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="mergerecord",
                    constraint=teams.tenant_keys.TenantKey(
                        "winner", name="leads_mergerecord_winner_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="mergerecord",
                    constraint=teams.tenant_keys.TenantKey(
                        "loser", name="leads_mergerecord_loser_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="note",
                    constraint=teams.tenant_keys.TenantKey(
                        "lead", name="leads_note_lead_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="revenue",
                    constraint=teams.tenant_keys.TenantKey(
                        "lead", name="leads_revenue_lead_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="spendentry",
                    constraint=teams.tenant_keys.TenantKey(
                        "campaign", name="leads_spendentry_campaign_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="spendentry",
                    constraint=teams.tenant_keys.TenantKey(
                        "replaced_by", name="leads_spendentry_replaced_by_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="stageinterval",
                    constraint=teams.tenant_keys.TenantKey(
                        "lead", name="leads_stageinterval_lead_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="stageinterval",
                    constraint=teams.tenant_keys.TenantKey(
                        "bulk", name="leads_stageinterval_bulk_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="stageinterval",
                    constraint=teams.tenant_keys.TenantKey(
                        "stage", name="leads_stageinterval_stage_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="task",
                    constraint=teams.tenant_keys.TenantKey(
                        "lead", name="leads_task_lead_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="touch",
                    constraint=teams.tenant_keys.TenantKey(
                        "lead", name="leads_touch_lead_whose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="touch",
                    constraint=teams.tenant_keys.TenantKey(
                        "campaign", name="leads_touch_campaign_whose"
                    ),
                ),
            ]
        )
    ]
