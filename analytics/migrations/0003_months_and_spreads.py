"""Months above the days, and the days' values in buckets; both from what is there."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

BUCKET = "CASE WHEN value < 1 THEN 0 ELSE 1 + floor(ln(value::float8) * 16)::int END"
FROM_DAYS = f"""
    INSERT INTO analytics_dayspread (workspace_id, family, day, measure, dimension,
        member, bucket, n, values)
    SELECT workspace_id, family, day, measure, dimension, member, {BUCKET},
        count(*), array_agg(value ORDER BY value)
    FROM analytics_daycount, unnest(values) AS value GROUP BY 1, 2, 3, 4, 5, 6, 7;
    INSERT INTO analytics_monthspread (workspace_id, family, month, measure, dimension,
        member, bucket, n)
    SELECT workspace_id, family, date_trunc('month', day)::date, measure, dimension,
        member, bucket, sum(n)
    FROM analytics_dayspread GROUP BY 1, 2, 3, 4, 5, 6, 7;
    INSERT INTO analytics_monthcount (workspace_id, family, month, measure, dimension,
        member, n)
    SELECT workspace_id, family, date_trunc('month', day)::date, measure, dimension,
        member, sum(n)
    FROM analytics_daycount GROUP BY 1, 2, 3, 4, 5, 6
"""


def count(*more):
    """What every count has, and its own fields."""
    return [
        (
            "id",
            models.BigAutoField(
                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        ("family", models.CharField(max_length=12)),
        ("measure", models.CharField(max_length=40)),
        ("dimension", models.CharField(blank=True, max_length=12)),
        ("member", models.CharField(blank=True, max_length=80)),
        ("n", models.BigIntegerField()),
        *more,
        (
            "workspace",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="teams.workspace",
            ),
        ),
    ]


def only(model, *fields):
    """One row of each."""
    return migrations.AddConstraint(
        model_name=model,
        constraint=models.UniqueConstraint(
            fields=("workspace", "family", "dimension", *fields),
            include=("n",),
            name=f"analytics_{model}_only",
        ),
    )


BIG = models.BigIntegerField()


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0002_dirt_by_triggers"),
        ("teams", "0001_squashed"),
    ]

    operations = [
        migrations.CreateModel(
            name="DaySpread",
            fields=count(
                ("day", models.DateField()),
                ("bucket", models.SmallIntegerField()),
                (
                    "values",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=BIG, size=None
                    ),
                ),
            ),
        ),
        migrations.CreateModel(
            name="MonthCount", fields=count(("month", models.DateField()))
        ),
        migrations.CreateModel(
            name="MonthSpread",
            fields=count(
                ("month", models.DateField()), ("bucket", models.SmallIntegerField())
            ),
        ),
        migrations.RunSQL(FROM_DAYS, migrations.RunSQL.noop),
        migrations.RemoveConstraint(
            model_name="daycount", name="analytics_daycount_one"
        ),
        migrations.RemoveField(model_name="daycount", name="values"),
        only("daycount", "day", "measure", "member"),
        only("dayspread", "day", "measure", "member", "bucket"),
        only("monthcount", "month", "measure", "member"),
        only("monthspread", "month", "measure", "member", "bucket"),
    ]
