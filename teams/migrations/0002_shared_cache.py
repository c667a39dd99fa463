"""The shared cache (settings.CACHES): what it holds may be lost in a crash."""

from django.db import migrations

THERE = """
    CREATE UNLOGGED TABLE IF NOT EXISTS flexoraa_cache (
        cache_key varchar(255) PRIMARY KEY,
        value text NOT NULL,
        expires timestamptz NOT NULL
    );
    CREATE INDEX IF NOT EXISTS flexoraa_cache_expires ON flexoraa_cache (expires)
"""


class Migration(migrations.Migration):
    dependencies = [("teams", "0001_squashed")]

    operations = [migrations.RunSQL(THERE, "DROP TABLE flexoraa_cache")]
