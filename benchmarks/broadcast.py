"""A broadcast through worker kills: each lead has it once, and none is left out.

    python -m benchmarks.broadcast --leads 5000 --kills 2 [--control 500]

The template goes to that many leads through the stand-in for Meta, over real HTTP,
while workers are killed -9 in the middle of it. What a dead worker was sending is
confirmed by its webhook, or shown to a person, who sends it again here at the end. The
control notes who has their message after it was queued; it must double, else the run
proves nothing.
"""

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import requests

from benchmarks import places
from benchmarks.chaos.place import prepared

TEMPLATE = "reengage"  # a template of the stand-in with one gap
PARENT, NUMBER, TOKEN = "66000000001", "77000000001", "broadcast-token"
PATIENCE = 20.0  # seconds until a person is asked about what nobody confirmed


@dataclass
class Found:
    """What the ledger and the table say when it is over."""

    leads: int = 0
    sent: int = 0
    doubles: int = 0
    missing: int = 0
    asked: int = 0  # not known after a kill, sent again by a person
    kills: int = 0
    seconds: float = 0.0
    states: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Each once."""
        return not (self.doubles or self.missing) and self.sent == self.leads


def main() -> int:
    """The run and its control; 1 unless the first is clean and the second is not."""
    parser = argparse.ArgumentParser(prog="benchmarks.broadcast", description=__doc__)
    parser.add_argument("--leads", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--pause", type=float, nargs=2, default=(4.0, 8.0))
    parser.add_argument("--rate", type=float, default=1_000, help="messages a second")
    parser.add_argument("--control", type=int, default=0, help="leads; 0: none")
    parser.add_argument("--limit", type=float, default=600, help="seconds")
    options = parser.parse_args()
    os.environ["LOG_LEVEL"] = "CRITICAL"
    common = {"rate": options.rate, "limit": options.limit}
    good = run(
        "broadcast",
        leads=options.leads,
        kills=options.kills,
        pause=tuple(options.pause),
        **common,
    )
    if options.control:
        wild = {"kills": 12, "pause": (0.4, 0.8), "careless": True}
        good = not run("control", leads=options.control, **wild, **common) and good
    return 0 if good else 1


def run(name: str, **wanted: Any) -> bool:
    """One broadcast; whether each had it once."""
    with prepared() as root:
        print(f"\n== {name}: {wanted['leads']} leads", flush=True)
        found = Run(root, **wanted).go()
    for key, value in asdict(found).items():
        print(f"{key:>10}  {value}")
    print("clean" if found.is_clean else "NOT clean", flush=True)
    return found.is_clean


class Run:
    """The processes, the broadcast, and what came of it."""

    def __init__(
        self,
        root: Path,
        *,
        leads: int,
        kills: int,
        pause: Sequence[float],
        rate: float,
        limit: float,
        careless: bool = False,
    ) -> None:
        from benchmarks.chaos.storm import Plan, Storm

        self.leads, self.kills, self.rate = leads, kills, rate
        self.pause, self.limit, self.careless = pause, limit, careless
        self.storm = Storm(Plan(patience=PATIENCE), root, print)
        self.begun = time.monotonic()

    def go(self) -> Found:
        """From the first lead to the verdict."""
        with ExitStack() as stack:
            graph = self.storm._start_graph(stack)
            self.storm._start_web(stack, graph)
            account = self._connect(graph)
            broadcast = self._broadcast(account)
            self.begun = time.monotonic()
            nursery = self._workers(stack, graph)
            self._until(lambda: self._is_queued(broadcast))
            self._until(self._is_settled)
            asked = self._ask_a_person(broadcast)
            self._until(self._is_settled)
            found = self._judge(graph, broadcast)
            found.asked, found.seconds = asked, time.monotonic() - self.begun
            nursery.terminate()
            found.kills = int(nursery.communicate(timeout=60)[0])
        return found

    def _connect(self, graph: str) -> Any:
        from benchmarks.chaos.storm import tell
        from inbox.models import ChannelAccount
        from teams.models import Workspace

        known = {"channel": "whatsapp", "external_id": NUMBER, "parent": PARENT}
        tell(f"{graph}/_sandbox/accounts", {**known, "token": TOKEN})
        delays = {"sent": 0.3, "delivered": 0.6}
        tell(f"{graph}/_sandbox/manners", {"batch": 200, "delays": delays})
        return ChannelAccount.objects.create(
            workspace=Workspace.objects.create(slug="chaos", name="Chaos"),
            channel="whatsapp",
            external_id=NUMBER,
            parent_external_id=PARENT,
            name="Number",
            token=TOKEN,
            sends_per_second=self.rate,
        )

    def _broadcast(self, account: Any) -> Any:
        from inbox import broadcasts, preflight
        from inbox.models import Template
        from leads.models import Lead, Stage

        ours = account.workspace
        stage = Stage.objects.first_open(ours)
        Lead.objects.bulk_create(
            (
                Lead(
                    workspace=ours,
                    stage=stage,
                    name=f"Person-{n}",
                    phone=f"+9198{n:08}",
                )
                for n in range(self.leads)
            ),
            batch_size=5_000,
        )
        template = Template.objects.create(
            workspace=ours,
            account=account,
            name=TEMPLATE,
            language="en",
            category="UTILITY",
            status="APPROVED",
            components=[
                {
                    "type": "BODY",
                    "text": "Hi {{1}}, we have an answer to your question.",
                }
            ],
        )
        begun = time.monotonic()
        made = preflight.plan(
            workspace=ours,
            by=None,
            name="All",
            template=template,
            selection=Lead.objects.for_workspace(ours),
            parameters={"1": {"field": "name"}},
        )
        print(f"frozen in {time.monotonic() - begun:.1f} s", flush=True)
        return broadcasts.start(made)

    def _workers(self, stack: ExitStack, graph: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "benchmarks.chaos.nursery", "--children", "2"]
        command += ["--pause", *map(str, self.pause), "--most", str(self.kills)]
        command += ["--careless"] if self.careless else []
        environment = self.storm._environment(graph)
        return stack.enter_context(
            places.running(command, environment, stdout=subprocess.PIPE)
        )

    def _is_queued(self, broadcast: Any) -> bool:
        return not broadcast.recipients.filter(state="pending").exists()

    def _is_settled(self) -> bool:
        from inbox.models import Message

        states = ("queued", "sending", "unknown")
        return not Message.objects.filter(status__in=states).exists()

    def _ask_a_person(self, broadcast: Any) -> int:
        """What nobody confirmed after a kill: the person presses the button."""
        from inbox import broadcasts
        from inbox.models import Message

        asked = Message.objects.filter(status="unconfirmed").count()
        if asked and not self.careless:
            broadcast.refresh_from_db()
            broadcasts.retry_failed(broadcast, unconfirmed=True)
        return asked

    def _until(self, is_over: Any) -> None:
        while not is_over():
            if time.monotonic() - self.begun > self.limit:
                raise TimeoutError(f"not over after {self.limit:.0f} s")
            time.sleep(0.5)

    def _judge(self, graph: str, broadcast: Any) -> Found:
        time.sleep(2)  # the last webhooks
        url = f"{graph}/_sandbox/ledger?only=to"
        calls = requests.get(url, timeout=60).json()["calls"]
        times = Counter(call.lstrip("+") for call in calls)
        wanted = {f"9198{n:08}" for n in range(self.leads)}
        return Found(
            leads=self.leads,
            sent=len(times),
            doubles=sum(n > 1 for n in times.values()),
            missing=len(wanted - times.keys()),
            states=broadcast.tally(),
        )


if __name__ == "__main__":
    sys.exit(main())
