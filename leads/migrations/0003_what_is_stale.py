"""Whoever writes to a lead, its touches or its revenue leaves a note for those who look
for duplicates and count scores. A note is one row a statement, however many leads."""

from django.db import migrations

# scores are counted where there are rules; a score that is written changes no version
LEADS = """
    CREATE FUNCTION leads_stale_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO leads_stale (workspace_id, look, leads)
        SELECT workspace_id, 'twins', array_agg(id) FROM rows_after
        WHERE phone <> '' OR email <> '' OR company <> '' GROUP BY workspace_id;
        INSERT INTO leads_stale (workspace_id, look, leads)
        SELECT workspace_id, 'score', array_agg(id) FROM rows_after
        WHERE workspace_id IN (SELECT workspace_id FROM leads_scorerule)
        GROUP BY workspace_id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER leads_stale_inserted AFTER INSERT ON leads_lead
        REFERENCING NEW TABLE AS rows_after
        FOR EACH STATEMENT EXECUTE FUNCTION leads_stale_inserted();
    CREATE FUNCTION leads_stale_updated() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE $sql$
            WITH changed AS MATERIALIZED (
                SELECT n.workspace_id, n.id,
                    ARRAY[n.id, n.merged_into_id, o.merged_into_id] AS family,
                    (n.name, n.phone, n.email, n.company, n.merged_into_id IS NULL
                        AND n.archived_at IS NULL)
                    IS DISTINCT FROM
                    (o.name, o.phone, o.email, o.company, o.merged_into_id IS NULL
                        AND o.archived_at IS NULL) AS is_other
                FROM rows_after n JOIN rows_before o USING (id)
                WHERE n.version <> o.version
            ), twins AS (
                INSERT INTO leads_stale (workspace_id, look, leads)
                SELECT workspace_id, 'twins', array_agg(id) FROM changed
                WHERE is_other GROUP BY workspace_id
            )
            INSERT INTO leads_stale (workspace_id, look, leads)
            SELECT workspace_id, 'score', array_agg(DISTINCT one)
            FROM changed CROSS JOIN unnest(family) one
            WHERE one IS NOT NULL
                AND workspace_id IN (SELECT workspace_id FROM leads_scorerule)
            GROUP BY workspace_id
        $sql$;
        RETURN NULL;
    END $$;
    CREATE TRIGGER leads_stale_updated AFTER UPDATE ON leads_lead
        REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after
        FOR EACH STATEMENT EXECUTE FUNCTION leads_stale_updated()
"""

FACTS = """
    CREATE FUNCTION leads_stale_fact() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO leads_stale (workspace_id, look, leads)
        SELECT workspace_id, 'score', array_agg(DISTINCT lead_id) FROM rows_concerned
        WHERE workspace_id IN (SELECT workspace_id FROM leads_scorerule)
        GROUP BY workspace_id;
        RETURN NULL;
    END $$
"""

FACT = """
    CREATE TRIGGER leads_stale_{event} AFTER {event} ON {table}
        REFERENCING {rows} TABLE AS rows_concerned
        FOR EACH STATEMENT EXECUTE FUNCTION leads_stale_fact()
"""

# another rule is another score for everybody, and the last one's end too
RULES = """
    CREATE FUNCTION leads_stale_rules() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO leads_stale (workspace_id, look)
        SELECT DISTINCT workspace_id, 'score' FROM rows_concerned;
        RETURN NULL;
    END $$
"""

RULE = """
    CREATE TRIGGER leads_stale_{event} AFTER {event} ON leads_scorerule
        REFERENCING {rows} TABLE AS rows_concerned
        FOR EACH STATEMENT EXECUTE FUNCTION leads_stale_rules()
"""

EVENTS = (("insert", "NEW"), ("update", "NEW"), ("delete", "OLD"))
TABLES = ("leads_touch", "leads_revenue")

THERE = ";\n".join(
    [
        LEADS,
        FACTS,
        *(
            FACT.format(event=event, rows=rows, table=table)
            for table in TABLES
            for event, rows in EVENTS
        ),
        RULES,
        *(RULE.format(event=event, rows=rows) for event, rows in EVENTS),
        # leads that are there already
        "INSERT INTO leads_stale (workspace_id, look) "
        "SELECT w.id, l.look FROM teams_workspace w "
        "CROSS JOIN (VALUES ('twins'), ('score')) l(look) "
        "WHERE EXISTS (SELECT 1 FROM leads_lead WHERE workspace_id = w.id)",
    ]
)

AWAY = ";\n".join(
    [
        *(
            f"DROP TRIGGER leads_stale_{event} ON {table}"
            for table in (*TABLES, "leads_scorerule")
            for event, _ in EVENTS
        ),
        "DROP TRIGGER leads_stale_inserted ON leads_lead",
        "DROP TRIGGER leads_stale_updated ON leads_lead",
        "DROP FUNCTION leads_stale_inserted, leads_stale_updated, leads_stale_fact, "
        "leads_stale_rules",
    ]
)


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_facts_by_triggers")]
    replaces = (("leads", "0008_what_is_stale"),)

    operations = [migrations.RunSQL(THERE, AWAY)]
