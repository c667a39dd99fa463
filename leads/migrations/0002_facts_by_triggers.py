"""The database keeps what must not depend on who writes: a lead's version and times,
the intervals of its stages and owners, its edits, the words it is found by."""

from django.db import migrations

# UUIDv7 for rows that SQL makes (RFC 9562, section 5.7), as flexoraa/lib/ids.py
UUID7 = """
    CREATE FUNCTION leads_uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
        SELECT encode(set_bit(set_bit(overlay(
            uuid_send(gen_random_uuid()) PLACING substring(int8send(
                (extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
            FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
    $$
"""

# Who is behind the statement: a bulk operation names its own, else the door did
WHO = """
    CREATE FUNCTION leads_by() RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT coalesce(
            nullif(current_setting('leads.by', true), '')::bigint,
            (nullif(current_setting('flexoraa.acting', true), '')::json
                ->> 'user')::bigint)
    $$;
    CREATE FUNCTION leads_bulk() RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT nullif(current_setting('leads.bulk', true), '')::bigint
    $$
"""

# An edit is a new version; a score is derived and changes none. A stage that closes
# the lead says when, unless whoever moves it says so themselves (an undo does).
BEFORE = """
    CREATE FUNCTION leads_lead_before() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE there text;
    BEGIN
        IF OLD.erased_at IS NOT NULL THEN  -- whoever writes, whatever they had read
            NEW.name := OLD.name;
            NEW.phone := OLD.phone;
            NEW.email := OLD.email;
            NEW.company := OLD.company;
            NEW.tags := OLD.tags;
            NEW.custom := OLD.custom;
            NEW.external_id := OLD.external_id;
            NEW.lost_reason := OLD.lost_reason;
            NEW.consent := OLD.consent;
            NEW.erased_at := OLD.erased_at;
            NEW.archived_at := OLD.archived_at;
        END IF;
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
    END $$;
    CREATE TRIGGER leads_lead_before BEFORE UPDATE ON leads_lead
        FOR EACH ROW EXECUTE FUNCTION leads_lead_before()
"""

# What a lead is found by; lexemes are cut at spaces and punctuation of addresses,
# not by a language's parser, so that every script is found by how its words begin
WORDS = """
    CREATE FUNCTION leads_words(name text, phone text, email text, company text,
        external_id text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
        SELECT lower(concat_ws(' ', nullif(name, ''), nullif(company, ''),
            nullif(email, ''), nullif(phone, ''), nullif(external_id, '')))
    $$;
    CREATE FUNCTION leads_document(words text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE AS $$
        SELECT array_to_tsvector(array_remove(regexp_split_to_array(
            left(words, 1000), '[[:space:]@.,;()/+-]+'), ''))
    $$
"""

INSERTED = """
    CREATE FUNCTION leads_lead_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO leads_stageinterval
            (workspace_id, lead_id, stage_id, started_at, by_id, bulk_id)
        SELECT workspace_id, id, stage_id, created_at, leads_by(), leads_bulk()
        FROM rows_after;
        INSERT INTO leads_assignmentinterval
            (workspace_id, lead_id, user_id, started_at, by_id, bulk_id)
        SELECT workspace_id, id, owner_id, created_at, leads_by(), leads_bulk()
        FROM rows_after WHERE owner_id IS NOT NULL;
        INSERT INTO leads_leadtext (workspace_id, lead_id, words, document)
        SELECT workspace_id, id, words, leads_document(words) FROM (
            SELECT workspace_id, id,
                leads_words(name, phone, email, company, external_id) AS words
            FROM rows_after) r;
        RETURN NULL;
    END $$;
    CREATE TRIGGER leads_lead_inserted AFTER INSERT ON leads_lead
        REFERENCING NEW TABLE AS rows_after
        FOR EACH STATEMENT EXECUTE FUNCTION leads_lead_inserted()
"""

# EXECUTE plans each time: a plan that was made for one row would be used for
# thousands, and compare each with each. The EXCEPTs cost one pass whatever the plan.
UPDATED = """
    CREATE FUNCTION leads_lead_updated() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT id, stage_id FROM rows_after
                EXCEPT SELECT id, stage_id FROM rows_before) THEN
            EXECUTE $sql$
                WITH moved AS MATERIALIZED (
                    SELECT n.workspace_id, n.id, n.stage_id
                    FROM rows_after n JOIN rows_before o USING (id)
                    WHERE n.stage_id <> o.stage_id
                ), left_behind AS (
                    UPDATE leads_stageinterval i
                    SET ended_at = greatest(i.started_at, statement_timestamp())
                    FROM moved WHERE i.lead_id = moved.id AND i.ended_at IS NULL
                    RETURNING i.lead_id, i.ended_at
                )
                INSERT INTO leads_stageinterval
                    (workspace_id, lead_id, stage_id, started_at, by_id, bulk_id)
                SELECT moved.workspace_id, moved.id, moved.stage_id,
                    coalesce(b.ended_at, statement_timestamp()),
                    leads_by(), leads_bulk()
                FROM moved LEFT JOIN left_behind b ON b.lead_id = moved.id
            $sql$;
        END IF;
        IF EXISTS (SELECT id, owner_id FROM rows_after
                EXCEPT SELECT id, owner_id FROM rows_before) THEN
            EXECUTE $sql$
                WITH given AS MATERIALIZED (
                    SELECT n.workspace_id, n.id, n.owner_id
                    FROM rows_after n JOIN rows_before o USING (id)
                    WHERE n.owner_id IS DISTINCT FROM o.owner_id
                ), taken AS (
                    UPDATE leads_assignmentinterval i
                    SET ended_at = greatest(i.started_at, statement_timestamp())
                    FROM given WHERE i.lead_id = given.id AND i.ended_at IS NULL
                    RETURNING i.lead_id, i.ended_at
                )
                INSERT INTO leads_assignmentinterval
                    (workspace_id, lead_id, user_id, started_at, by_id, bulk_id)
                SELECT given.workspace_id, given.id, given.owner_id,
                    coalesce(t.ended_at, statement_timestamp()),
                    leads_by(), leads_bulk()
                FROM given LEFT JOIN taken t ON t.lead_id = given.id
                WHERE given.owner_id IS NOT NULL
            $sql$;
        END IF;
        IF EXISTS (SELECT id, name, phone, email, company, external_id FROM rows_after
                EXCEPT
                SELECT id, name, phone, email, company, external_id FROM rows_before)
        THEN
            EXECUTE $sql$
                UPDATE leads_leadtext t
                SET words = r.words, document = leads_document(r.words)
                FROM (
                    SELECT id, leads_words(name, phone, email, company, external_id)
                        AS words FROM rows_after
                ) r WHERE t.lead_id = r.id AND t.words <> r.words
            $sql$;
        END IF;
        IF leads_bulk() IS NULL AND EXISTS (
            SELECT id, version FROM rows_after
            EXCEPT SELECT id, version FROM rows_before)
        THEN
            EXECUTE $sql$
                INSERT INTO leads_leadedit (workspace_id, lead_id, at, by_id, changes)
                SELECT n.workspace_id, n.id, statement_timestamp(), leads_by(),
                    d.changes
                FROM rows_after n JOIN rows_before o USING (id)
                CROSS JOIN LATERAL (
                    SELECT jsonb_object_agg(a.key, jsonb_build_array(b.value, a.value))
                        AS changes
                    FROM jsonb_each(to_jsonb(n)) a
                    JOIN jsonb_each(to_jsonb(o)) b ON b.key = a.key
                    WHERE a.value IS DISTINCT FROM b.value AND a.key NOT IN (
                        'version', 'updated_at', 'score', 'score_parts', 'stage_id',
                        'owner_id', 'closed_at', 'erased_at', 'merged_into_id')
                ) d
                WHERE n.version <> o.version AND n.erased_at IS NULL
                    AND d.changes IS NOT NULL
            $sql$;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER leads_lead_updated AFTER UPDATE ON leads_lead
        REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after
        FOR EACH STATEMENT EXECUTE FUNCTION leads_lead_updated()
"""

# A new workspace can work at once
PIPELINE = """
    CREATE FUNCTION leads_start(workspace bigint) RETURNS void LANGUAGE sql AS $$
        INSERT INTO leads_leadsettings (workspace_id) VALUES (workspace)
        ON CONFLICT DO NOTHING;
        INSERT INTO leads_stage
            (public_id, workspace_id, name, kind, position, is_qualified)
        SELECT leads_uuid7(), workspace, s.* FROM (VALUES
            ('New', 'open', 10, false), ('Contacted', 'open', 20, false),
            ('Qualified', 'open', 30, true), ('Won', 'won', 40, true),
            ('Lost', 'lost', 50, false)
        ) AS s ON CONFLICT DO NOTHING
    $$;
    CREATE FUNCTION leads_workspace_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM leads_start(NEW.id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER leads_workspace_inserted AFTER INSERT ON teams_workspace
        FOR EACH ROW EXECUTE FUNCTION leads_workspace_inserted();
    SELECT leads_start(id) FROM teams_workspace
"""

# History rows are updated once; room on their pages keeps that cheap
ROOM = "ALTER TABLE leads_bulkchange SET (fillfactor = 60)"

AWAY = """
    DROP TRIGGER leads_workspace_inserted ON teams_workspace;
    DROP TRIGGER leads_lead_updated ON leads_lead;
    DROP TRIGGER leads_lead_inserted ON leads_lead;
    DROP TRIGGER leads_lead_before ON leads_lead;
    DROP FUNCTION leads_workspace_inserted, leads_start, leads_lead_updated,
        leads_lead_inserted, leads_lead_before, leads_document, leads_words,
        leads_bulk, leads_by, leads_uuid7
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_squashed")]

    operations = [
        migrations.RunSQL(
            ";\n".join(
                [UUID7, WHO, BEFORE, WORDS, INSERTED, UPDATED, PIPELINE, ROOM]
            ),
            AWAY,
        )
    ]
