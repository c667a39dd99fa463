"""The demo's leads: a pipeline's fields and rules, and half a year of selling.
Apps are named as strings; a second run changes nothing."""

from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils.module_loading import import_string

from flexoraa.sandbox.season.plan import Plan
from flexoraa.sandbox.season.writing import make_season


@transaction.atomic
def make_market() -> Plan:
    """Fields, rules, and the season's campaigns, leads, money and talk."""
    workspace = apps.get_model("teams.Workspace").objects.get(slug="demo")
    if not apps.get_model("leads.CustomField").objects.filter(workspace=workspace):
        _furnish(workspace)
    return make_season(workspace)


def count_market() -> None:
    """Have the reports ready at once; the worker would take half a minute."""
    workspace = apps.get_model("teams.Workspace").objects.get(slug="demo")
    import_string("analytics.rollups.catch_up")(workspace)


def _furnish(workspace: Any) -> None:
    apps.get_model("leads.CustomField").objects.create(
        workspace=workspace,
        key="interest",
        label="Interested in",
        kind="choice",
        choices=["Lamps", "Linen", "Pottery"],
    )
    for fact, argument, points in (
        ("has_phone", "", 10),
        ("has_tag", "wholesale", 30),
        ("value_from", "5000", 20),
    ):
        apps.get_model("leads.ScoreRule").objects.create(
            workspace=workspace, fact=fact, argument=argument, points=points
        )
