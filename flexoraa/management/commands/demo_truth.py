"""`manage.py demo_truth`: what the reports must say about the demo's half year."""

import json
from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from flexoraa.sandbox.season.truth import Truth
from flexoraa.sandbox.season.writing import planned


class Command(BaseCommand):
    """Added up by the generator, without a look at any row."""

    help = "Prints the demo's true totals as JSON: roi, conversion, team, inbox."

    def add_arguments(self, parser: ArgumentParser) -> None:
        day = date.fromisoformat
        parser.add_argument("--from", dest="start", type=day, help="first local day")
        parser.add_argument("--to", dest="end", type=day, help="the day after the last")
        parser.add_argument("--model", default="first", help="first, last or linear")
        parser.add_argument("--clock", default="cash", help="cash or cohort")

    def handle(self, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("The demo needs SANDBOX=true (and DEBUG=true).")
        workspace = (
            apps.get_model("teams.Workspace").objects.filter(slug="demo").first()
        )
        plan = planned(workspace) if workspace else None
        if plan is None:
            raise CommandError("There is no demo yet: make run.")
        end = options["end"] or plan.end
        start = options["start"] or end - timedelta(days=30)
        truth = Truth(plan, start, end)
        found = {
            "from": start.isoformat(),
            "to": end.isoformat(),
            "roi": truth.roi(options["model"], options["clock"]),
            "conversion": truth.conversion(),
            "team": truth.team(),
            "inbox": truth.inbox(),
        }
        self.stdout.write(json.dumps(found, indent=2))
