from django.db import migrations


class Migration(migrations.Migration):
    # What was stored before files were fetched is pending by default; pages that links
    # lead to are no files.

    dependencies = [("inbox", "0009_stored_files")]

    operations = [
        migrations.RunSQL(
            "UPDATE inbox_attachment SET state = 'link' WHERE kind = 'link'",
            migrations.RunSQL.noop,
        )
    ]
