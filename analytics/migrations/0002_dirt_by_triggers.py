"""Every fact that reports count leaves dirt when it comes, changes or goes, whoever
writes it, so that the days concerned are counted again."""

from django.db import migrations

DAY = """
    CREATE FUNCTION analytics_day(workspace bigint, at timestamptz) RETURNS date
    LANGUAGE sql STABLE AS $$
        SELECT (at AT TIME ZONE timezone)::date FROM teams_workspace WHERE id = workspace
    $$
"""

# When so many seconds of working time have passed since a moment
DEADLINE = """
    CREATE FUNCTION analytics_deadline(workspace bigint, since timestamptz,
        seconds integer, has_hours boolean) RETURNS timestamptz
    LANGUAGE sql STABLE AS $$
        SELECT CASE WHEN NOT has_hours THEN since + make_interval(secs => seconds)
        ELSE (
            SELECT ends_at - make_interval(secs => total - seconds) FROM (
                SELECT ends_at, sum(extract(epoch FROM
                    ends_at - greatest(starts_at, since))) OVER (ORDER BY starts_at)
                    AS total
                FROM analytics_workingspan WHERE workspace_id = workspace
                    AND ends_at > since AND starts_at > since - interval '26 hours'
                    AND starts_at < since + interval '60 days'
            ) span WHERE total >= seconds ORDER BY total LIMIT 1
        ) END
    $$
"""

# A lead's facts: one row with all ids of the statement, spread to days by the counter.
# {old} and {new} are the transition tables that the event has.
LEADS = """
    CREATE FUNCTION analytics_dirt_leads() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'DELETE' THEN
            INSERT INTO analytics_dirt (workspace_id, family, leads)
            SELECT workspace_id, '', array_agg(DISTINCT lead_id)
            FROM new_rows GROUP BY workspace_id;
        END IF;
        RETURN NULL;
    END $$;
    CREATE FUNCTION analytics_dirt_gone() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- what is gone cannot be found by its lead: its own days, and the lead's
        EXECUTE format($sql$
            INSERT INTO analytics_dirt (workspace_id, family, day)
            SELECT DISTINCT o.workspace_id, f.family,
                analytics_day(o.workspace_id, o.%I)
            FROM old_rows o
            CROSS JOIN (VALUES ('campaigns'), ('funnel'), ('team')) f(family)
            $sql$, TG_ARGV[0]);
        INSERT INTO analytics_dirt (workspace_id, family, leads)
        SELECT workspace_id, '', array_agg(DISTINCT lead_id)
        FROM old_rows GROUP BY workspace_id;
        RETURN NULL;
    END $$;
    CREATE FUNCTION analytics_dirt_lead() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO analytics_dirt (workspace_id, family, leads)
        SELECT workspace_id, '', array_agg(id) FROM (
            SELECT n.workspace_id, unnest(ARRAY[
                n.id, n.merged_into_id, o.merged_into_id]) AS id
            FROM new_rows n JOIN old_rows o USING (id)
            WHERE (n.campaign_id, n.source, n.owner_id, n.merged_into_id,
                    n.archived_at, n.closed_at, n.created_at, n.value_paise)
                IS DISTINCT FROM (o.campaign_id, o.source, o.owner_id,
                    o.merged_into_id, o.archived_at, o.closed_at, o.created_at,
                    o.value_paise)
        ) changed WHERE id IS NOT NULL GROUP BY workspace_id;
        INSERT INTO analytics_dirt (workspace_id, family, day)
        SELECT DISTINCT workspace_id, f.family, analytics_day(workspace_id, closed_at)
        FROM (SELECT o.workspace_id, o.closed_at
            FROM new_rows n JOIN old_rows o USING (id)
            WHERE o.closed_at IS DISTINCT FROM n.closed_at
                AND o.closed_at IS NOT NULL) was
        CROSS JOIN (VALUES ('campaigns'), ('funnel'), ('team')) f(family);
        RETURN NULL;
    END $$
"""

# Facts with a day of their own: (families, the column of the day or moment)
DATED = """
    CREATE FUNCTION analytics_dirt_days() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE source text;
    BEGIN
        source := CASE TG_OP WHEN 'INSERT' THEN 'SELECT * FROM new_rows'
            WHEN 'DELETE' THEN 'SELECT * FROM old_rows'
            ELSE 'SELECT * FROM new_rows UNION ALL SELECT * FROM old_rows' END;
        EXECUTE format($sql$
            INSERT INTO analytics_dirt (workspace_id, family, day)
            SELECT DISTINCT r.workspace_id, f.family, %s
            FROM (%s) r JOIN teams_workspace w ON w.id = r.workspace_id
            CROSS JOIN unnest(string_to_array(%L, ',')) f(family)
            WHERE r.%I IS NOT NULL
            $sql$,
            CASE WHEN TG_ARGV[2] = 'date' THEN format('r.%I', TG_ARGV[1])
                ELSE format('(r.%I AT TIME ZONE w.timezone)::date', TG_ARGV[1]) END,
            source, TG_ARGV[0], TG_ARGV[1]);
        RETURN NULL;
    END $$;
    CREATE FUNCTION analytics_dirt_message() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO analytics_dirt (workspace_id, family, day)
        SELECT DISTINCT n.workspace_id, 'inbox', (n.provider_at
            AT TIME ZONE w.timezone)::date
        FROM new_rows n JOIN old_rows o USING (id)
        JOIN teams_workspace w ON w.id = n.workspace_id
        WHERE n.status <> o.status OR n.provider_at <> o.provider_at;
        RETURN NULL;
    END $$;
    CREATE FUNCTION analytics_dirt_wait() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE source text;
    BEGIN
        -- which wait is the first of a cycle, and when the cycle began
        source := CASE TG_OP WHEN 'INSERT' THEN 'new_rows' ELSE 'old_rows' END;
        EXECUTE format($sql$
            INSERT INTO analytics_dirt (workspace_id, family, day)
            SELECT DISTINCT r.workspace_id, u.family,
                analytics_day(r.workspace_id, u.at)
            FROM %I r JOIN inbox_cycle c ON c.id = r.cycle_id
            LEFT JOIN inbox_waitsegment s ON s.conversation_id = c.conversation_id
                AND s.cycle_id = c.id
            CROSS JOIN LATERAL (VALUES ('inbox', c.ended_at),
                ('inbox', s.started_at), ('team', s.started_at)) u(family, at)
            WHERE u.at IS NOT NULL
            $sql$, source);
        RETURN NULL;
    END $$;
    CREATE FUNCTION analytics_dirt_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- a new cycle may be a reopening of the one before
        INSERT INTO analytics_dirt (workspace_id, family, day)
        SELECT DISTINCT c.workspace_id, 'inbox',
            analytics_day(c.workspace_id, c.ended_at)
        FROM new_rows n JOIN inbox_cycle c ON c.conversation_id = n.conversation_id
        WHERE c.ended_at IS NOT NULL;
        RETURN NULL;
    END $$;
    CREATE FUNCTION analytics_dirt_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO analytics_dirt (workspace_id, family, day)
        SELECT DISTINCT s.workspace_id, 'team',
            analytics_day(s.workspace_id, s.started_at)
        FROM new_rows n JOIN inbox_waitsegment s
            ON s.conversation_id = n.conversation_id
            AND (s.ended_at IS NULL OR s.ended_at >= n.started_at);
        RETURN NULL;
    END $$;
    CREATE FUNCTION analytics_dirt_all() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO analytics_dirt (workspace_id, family)
        VALUES ((to_jsonb(NEW) ->> TG_ARGV[0])::bigint, '');
        RETURN NULL;
    END $$
"""

TABLES = {"INSERT": "NEW TABLE AS new_rows", "DELETE": "OLD TABLE AS old_rows"}
TABLES["UPDATE"] = "OLD TABLE AS old_rows NEW TABLE AS new_rows"


def trigger(table, event, function, *args):
    """CREATE TRIGGER for a whole statement."""
    quoted = ", ".join(f"'{arg}'" for arg in args)
    return (
        f"CREATE TRIGGER analytics_{event.lower()}_{function} AFTER {event} ON {table} "
        f"REFERENCING {TABLES[event]} FOR EACH STATEMENT "
        f"EXECUTE FUNCTION analytics_dirt_{function}({quoted})"
    )


def triggers():
    """Every trigger there is."""
    of_leads = {
        "leads_touch": "at",
        "leads_revenue": "at",
        "leads_stageinterval": "started_at",
        "leads_assignmentinterval": "started_at",
    }
    for table, moment in of_leads.items():
        for event in ("INSERT", "UPDATE"):
            yield trigger(table, event, "leads")
        yield trigger(table, "DELETE", "gone", moment)
        if table in ("leads_touch", "leads_revenue"):
            yield trigger(table, "UPDATE", "gone", moment)
    yield trigger("leads_lead", "UPDATE", "lead")
    dated = [
        ("leads_spendentry", "campaigns", "day", "date"),
        ("leads_task", "team", "due_at", "time"),
        ("inbox_waitsegment", "inbox,team", "started_at", "time"),
        ("inbox_cycle", "inbox", "ended_at", "time"),
    ]
    for table, *args in dated:
        for event in ("INSERT", "UPDATE", "DELETE"):
            yield trigger(table, event, "days", *args)
    for event in ("INSERT", "DELETE"):
        yield trigger("inbox_message", event, "days", "inbox,team", "provider_at", "time")
        yield trigger("inbox_statusevent", event, "days", "inbox", "provider_at", "time")
    yield trigger("inbox_message", "UPDATE", "message")
    yield trigger("inbox_cycle", "INSERT", "cycle")
    for event in ("INSERT", "UPDATE", "DELETE"):
        yield trigger("inbox_waitsegment", event, "wait")
    for event in ("INSERT", "UPDATE"):
        yield trigger("inbox_assignmentinterval", event, "assignment")
    # a pipeline, a clock or a target that changed: all is counted anew
    yield (
        "CREATE TRIGGER analytics_stage AFTER INSERT OR UPDATE OF position, kind, "
        "is_qualified ON leads_stage FOR EACH ROW "
        "EXECUTE FUNCTION analytics_dirt_all('workspace_id')"
    )
    yield (
        "CREATE TRIGGER analytics_clock AFTER UPDATE OF timezone, currency "
        "ON teams_workspace FOR EACH ROW "
        "WHEN ((OLD.timezone, OLD.currency) IS DISTINCT FROM "
        "(NEW.timezone, NEW.currency)) EXECUTE FUNCTION analytics_dirt_all('id')"
    )
    yield (
        "CREATE TRIGGER analytics_settings AFTER INSERT OR UPDATE "
        "ON analytics_reportsettings FOR EACH ROW "
        "EXECUTE FUNCTION analytics_dirt_all('workspace_id')"
    )


def backwards(statement):
    """DROP TRIGGER for a CREATE TRIGGER."""
    name, rest = statement.split(" ", 3)[2:]
    table = rest.split(" ON ", 1)[1].split(" ", 1)[0]
    return f"DROP TRIGGER {name} ON {table}"


FUNCTIONS = "leads gone lead days message wait cycle assignment all".split()
DROP = "DROP FUNCTION " + ", ".join(
    ["analytics_day", "analytics_deadline", *(f"analytics_dirt_{f}" for f in FUNCTIONS)]
)


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0001_squashed"),
        ("inbox", "0002_cycles_by_triggers"),
        ("leads", "0002_facts_by_triggers"),
    ]

    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, DROP),
        *(
            migrations.RunSQL(sql, migrations.RunSQL.noop)
            for sql in (DAY, DEADLINE, LEADS, DATED)
        ),
        *(migrations.RunSQL(sql, backwards(sql)) for sql in triggers()),
    ]
