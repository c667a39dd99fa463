"""A row points only to rows of its own workspace: keys of two columns, which Django's
foreign keys cannot have (theirs are declared without a constraint instead)."""

from django.db import migrations

RELATIONS = {
    "lead": {"stage": "stage", "campaign": "campaign", "merged_into": "lead"},
    "leadtext": {"lead": "lead"},
    "stageinterval": {"lead": "lead", "stage": "stage", "bulk": "bulkoperation"},
    "assignmentinterval": {"lead": "lead", "bulk": "bulkoperation"},
    "leadedit": {"lead": "lead"},
    "bulkchange": {"lead": "lead", "operation": "bulkoperation"},
    "importjob": {"operation": "bulkoperation"},
    "importrow": {"lead": "lead", "job": "importjob"},
    "note": {"lead": "lead"},
    "task": {"lead": "lead"},
    "touch": {"lead": "lead", "campaign": "campaign"},
    "revenue": {"lead": "lead"},
    "spendentry": {"campaign": "campaign", "replaced_by": "spendentry"},
    "mergerecord": {"winner": "lead", "loser": "lead"},
}


def keys():
    """(forwards, backwards) for each relation."""
    for child, relations in RELATIONS.items():
        for name, parent in relations.items():
            key = f"leads_{child}_{name}_whose"
            yield (
                f"ALTER TABLE leads_{child} ADD CONSTRAINT {key} "
                f"FOREIGN KEY (workspace_id, {name}_id) "
                f"REFERENCES leads_{parent} (workspace_id, id) "
                "DEFERRABLE INITIALLY DEFERRED",
                f"ALTER TABLE leads_{child} DROP CONSTRAINT {key}",
            )


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_facts_by_triggers")]

    operations = [migrations.RunSQL(*pair) for pair in keys()]
