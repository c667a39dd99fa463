"""A message belongs to its conversation's workspace and account: Django has no
foreign keys of several columns."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("inbox", "0002_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE inbox_message ADD CONSTRAINT inbox_message_conversation_whose
            FOREIGN KEY (workspace_id, account_id, conversation_id)
            REFERENCES inbox_conversation (workspace_id, account_id, id)
            DEFERRABLE INITIALLY DEFERRED
            """,
            "ALTER TABLE inbox_message DROP CONSTRAINT inbox_message_conversation_whose",
        )
    ]
