"""A campaign that is given an ad's id picks up the clicks on it that came before."""

from django.db import migrations

# the leads are locked in the order of their ids, as everybody does who locks several
CLAIM = """
    CREATE FUNCTION leads_campaign_claims() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE claimed bigint[];
    BEGIN
        IF TG_OP = 'UPDATE' AND NEW.ad_ids <@ OLD.ad_ids THEN
            RETURN NULL;
        END IF;
        WITH found AS (
            UPDATE leads_touch SET campaign_id = NEW.id
            WHERE workspace_id = NEW.workspace_id AND campaign_id IS NULL
                AND ad_id <> '' AND ad_id = ANY(NEW.ad_ids)
            RETURNING lead_id
        )
        SELECT array_agg(DISTINCT coalesce(l.merged_into_id, l.id)) INTO claimed
        FROM found JOIN leads_lead l ON l.id = found.lead_id;
        IF claimed IS NOT NULL THEN
            PERFORM 1 FROM leads_lead WHERE id = ANY(claimed) AND campaign_id IS NULL
                ORDER BY id FOR NO KEY UPDATE;
            UPDATE leads_lead SET campaign_id = NEW.id
            WHERE id = ANY(claimed) AND campaign_id IS NULL AND archived_at IS NULL;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER leads_campaign_claims AFTER INSERT OR UPDATE ON leads_campaign
        FOR EACH ROW WHEN (NEW.ad_ids <> '{}')
        EXECUTE FUNCTION leads_campaign_claims()
"""
AWAY = """
    DROP TRIGGER leads_campaign_claims ON leads_campaign;
    DROP FUNCTION leads_campaign_claims
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0003_what_is_stale")]
    replaces = (("leads", "0010_campaigns_claim_touches"),)

    operations = [migrations.RunSQL(CLAIM, AWAY)]
