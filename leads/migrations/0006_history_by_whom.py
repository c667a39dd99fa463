"""A lead that is won has no reason of a loss; and who made an interval is not looked
up for each of a hundred thousand."""

from django.conf import settings
from django.db import migrations, models

BEFORE = """
    CREATE OR REPLACE FUNCTION leads_lead_before() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE there text;
    BEGIN
        NEW.version := OLD.version;
        IF NEW.stage_id <> OLD.stage_id THEN
            SELECT kind INTO there FROM leads_stage WHERE id = NEW.stage_id;
            IF NEW.closed_at IS NOT DISTINCT FROM OLD.closed_at THEN
                NEW.closed_at := CASE WHEN there <> 'open'
                    THEN statement_timestamp() END;
            END IF;
            IF there <> 'lost' THEN
                NEW.lost_reason := '';
            END IF;
        END IF;
        IF (NEW.name, NEW.phone, NEW.email, NEW.company, NEW.stage_id, NEW.owner_id,
            NEW.campaign_id, NEW.source, NEW.value_paise, NEW.currency, NEW.tags,
            NEW.custom, NEW.consent, NEW.external_id, NEW.lost_reason, NEW.closed_at,
            NEW.merged_into_id, NEW.archived_at, NEW.erased_at)
        IS DISTINCT FROM
           (OLD.name, OLD.phone, OLD.email, OLD.company, OLD.stage_id, OLD.owner_id,
            OLD.campaign_id, OLD.source, OLD.value_paise, OLD.currency, OLD.tags,
            OLD.custom, OLD.consent, OLD.external_id, OLD.lost_reason, OLD.closed_at,
            OLD.merged_into_id, OLD.archived_at, OLD.erased_at)
        THEN
            NEW.version := OLD.version + 1;
            NEW.updated_at := statement_timestamp();
        END IF;
        RETURN NEW;
    END $$
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0005_times_that_reports_count_by")]

    operations = [
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
        *[
            migrations.AlterField(
                model_name=model,
                name="by",
                field=models.ForeignKey(
                    db_constraint=False,
                    db_index=False,
                    null=True,
                    on_delete=models.SET_NULL,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                ),
            )
            for model in ("assignmentinterval", "stageinterval")
        ],
    ]
