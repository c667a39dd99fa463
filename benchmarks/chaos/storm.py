"""One storm: processes, faults, kills and crashes, and what is found afterwards."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import requests
from django.db import connection

from benchmarks import places
from benchmarks.chaos import traffic
from flexoraa.lib import localpg
from flexoraa.sandbox.processes import free_port
from inbox.models import Message, WebhookDelivery

FAULTS = [  # each hits that share of the sends
    {"when": "after", "how": "reset", "probability": 0.01},
    {"when": "after", "status": 503, "probability": 0.01},
    {"when": "instead", "seconds": 3, "probability": 0.002},
    {"when": "before", "how": "reset", "probability": 0.005},
    {"when": "before", "code": 131016, "status": 400, "probability": 0.005},
    {"when": "before", "code": 131056, "probability": 0.002},
]
MANNERS = {
    "batch": 200,
    "longest_pause": 2,
    "delays": {"sent": 0.5, "delivered": 1.0},
}
DONE = ("sent", "delivered", "read")


@dataclass
class Plan:
    """How bad it gets: half of the messages come in, half go out."""

    messages: int = 50_000
    accounts: int = 24
    people: int = 3000
    crashes: int = 3
    children: int = 3
    pause: tuple[float, float] = (0.3, 1.0)
    blind: bool = False
    skew: float = 0  # seconds by which workers' clocks are wrong
    limit: float = 600.0  # seconds of bad weather
    # Statuses come late: the door is shut while PostgreSQL is down, then the platform
    # tries again. To send again before that would double (guarantees, 4.2)
    patience: float = 60.0  # seconds of SEND_UNKNOWN_SECONDS


@dataclass
class Verdict:
    """What was found when it was over."""

    received: int = 0
    sent: int = 0
    lost_in: int = 0
    double_in: int = 0
    double_out: int = 0  # sent twice
    double_rows: int = 0  # shown twice
    lost_out: int = 0  # believed to be sent, and not in the ledger
    asked: int = 0  # shown to a person for a decision
    asked_but_sent: int = 0  # of those, the ledger has them
    unsettled: int = 0  # neither
    late: int = 0  # confirmed after they were sent again
    kills: int = 0
    crashes: int = 0
    seconds: float = 0.0
    states: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Nothing lost, nothing doubled, nothing left open."""
        lost, open_ends = self.lost_in + self.lost_out, self.unsettled
        doubled = self.double_in + self.double_out + self.double_rows
        return not (lost or doubled or open_ends)


class Storm:
    """Everything that runs, on a PostgreSQL of its own."""

    def __init__(self, plan: Plan, root: Path, say: Callable[[str], None]) -> None:
        self.plan, self.root, self.say = plan, root, say
        self.crashed = 0
        self._started = time.monotonic()

    def rage(self) -> Verdict:
        """From the first message to the verdict."""
        plan = self.plan
        with ExitStack() as stack:
            graph = self._start_graph(stack)
            web = self._start_web(stack, graph)
            environment = self._environment(graph)
            found = traffic.accounts(plan.accounts)
            traffic.connect(found, graph)
            tell(f"{graph}/_sandbox/manners", MANNERS)
            faults = [{**fault, "count": None} for fault in FAULTS]
            tell(f"{graph}/_sandbox/faults", faults)
            nursery = self._start_nursery(stack, environment)
            stream = traffic.posts(found, plan.people, plan.messages // 2)
            lock = threading.Lock()
            threads: list[threading.Thread] = [
                traffic.Poster(web, stream, lock) for _ in range(3)
            ]
            threads.append(traffic.Agents(plan.messages - plan.messages // 2))
            for thread in threads:
                thread.start()
            self._weather(threads, graph)
            nursery.send_signal(signal.SIGUSR1)
            requests.delete(f"{graph}/_sandbox/faults", timeout=30)
            self._settle(graph)
            verdict = self._judge(graph)
            nursery.terminate()
            verdict.kills = int(nursery.communicate(timeout=60)[0])
        return verdict

    def _environment(self, graph: str) -> dict[str, str]:
        return os.environ | {
            "GRAPH_URL": graph,
            "INSTAGRAM_GRAPH_URL": f"{graph}/instagram",
            "SEND_READ_SECONDS": "2",
            "SEND_UNKNOWN_SECONDS": str(self.plan.patience),
            "LOG_LEVEL": "CRITICAL",
        }

    def _start_graph(self, stack: ExitStack) -> str:
        self._web_port = free_port("127.0.0.1")
        port = free_port("127.0.0.1")
        command = (
            f"manage.py run_sandbox --port {port} "
            f"--webhooks http://127.0.0.1:{self._web_port}"
        )
        stack.enter_context(
            places.running([sys.executable, *command.split()], dict(os.environ))
        )
        places.wait_for_port(port)
        return f"http://127.0.0.1:{port}"

    def _start_web(self, stack: ExitStack, graph: str) -> str:
        command = (
            "-m granian --interface wsgi --workers 1 --blocking-threads 4 "
            f"--port {self._web_port} --log-level error flexoraa.wsgi:application"
        )
        environment = self._environment(graph)
        stack.enter_context(
            places.running([sys.executable, *command.split()], environment)
        )
        places.wait_for_port(self._web_port)
        return f"http://127.0.0.1:{self._web_port}"

    def _start_nursery(
        self, stack: ExitStack, environment: dict[str, str]
    ) -> subprocess.Popen:
        plan = self.plan
        command = [sys.executable, "-m", "benchmarks.chaos.nursery"]
        command += ["--children", str(plan.children)]
        command += ["--pause", *map(str, plan.pause)]
        command += ["--blind"] if plan.blind else []
        command += ["--skew", str(plan.skew)] if plan.skew else []
        return stack.enter_context(
            places.running(command, environment, stdout=subprocess.PIPE)
        )

    def _weather(self, threads: list[threading.Thread], graph: str) -> None:
        """While there is traffic: crash the database now and then, tell how it goes."""
        marks = [(n + 1) / (self.plan.crashes + 1) for n in range(self.plan.crashes)]
        told = time.monotonic()
        while any(thread.is_alive() for thread in threads) or self._backlog():
            self._check_time()
            share = sends(graph) / (self.plan.messages / 2)
            if marks and share >= marks[0]:
                marks.pop(0)
                self._crash()
            if time.monotonic() - told > 15:
                told = time.monotonic()
                self.say(f"{self._seconds():4.0f} s: {share:.0%} of the replies sent")
            time.sleep(0.5)

    def _crash(self) -> None:
        """pg_ctl stop -m immediate, and start again."""
        cluster = localpg.ensure(self.root)
        command = [cluster.bin / "pg_ctl", "stop", "-m", "immediate"]
        localpg._run([*command, "-D", cluster.data], cluster.account)
        localpg.ensure(self.root)
        self.crashed += 1
        self.say(f"{self._seconds():4.0f} s: PostgreSQL crashed and is back")

    def _backlog(self) -> bool:
        """Whether anything waits to be worked off or sent."""
        return traffic.patiently(
            lambda: (
                WebhookDelivery.objects.filter(state__in=BUSY).exists()
                or Message.objects.filter(status__in=("queued", "sending")).exists()
            )
        )

    def _settle(self, graph: str) -> None:
        """Calm now: until each message is sent, or shown for a decision."""
        self.say(f"{self._seconds():4.0f} s: calm")
        open_states = ("queued", "sending", "unknown")
        while (
            requests.get(f"{graph}/_sandbox/waiting", timeout=30).json()["waiting"]
            or self._backlog()
            or traffic.patiently(
                lambda: Message.objects.filter(status__in=open_states).exists()
            )
        ):
            self._check_time(2 * self.plan.patience + 60)
            time.sleep(0.5)

    def _judge(self, graph: str) -> Verdict:
        """Compare the tables with what was posted, and with the ledger."""
        inbound = list(
            Message.objects.filter(direction="in").values_list("external_id", flat=True)
        )
        outbound = dict(
            Message.objects.filter(direction="out").values_list("text", "status")
        )
        rows = Message.objects.filter(direction="out").count()
        ledger = requests.get(f"{graph}/_sandbox/ledger?only=text", timeout=60).json()[
            "calls"
        ]
        times: dict[str, int] = {}
        for text in ledger:
            times[text] = times.get(text, 0) + 1
        states: dict[str, int] = {}
        for status in outbound.values():
            states[status] = states.get(status, 0) + 1
        asked = [t for t, s in outbound.items() if s == "unconfirmed"]
        settled = (*DONE, "unconfirmed", "failed")
        posted = {f"in.{number}" for number in range(self.plan.messages // 2)}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM inbox_sendattempt "
                "WHERE confirmed_late_at IS NOT NULL"
            )
            late = cursor.fetchone()[0]
        return Verdict(
            received=len(inbound),
            sent=len(times),
            lost_in=len(posted - set(inbound)),
            double_in=len(inbound) - len(set(inbound)),
            double_rows=rows - len(outbound),
            double_out=sum(n > 1 for n in times.values()),
            lost_out=sum(s in DONE and t not in times for t, s in outbound.items()),
            asked=len(asked),
            asked_but_sent=sum(text in times for text in asked),
            unsettled=sum(s not in settled for s in outbound.values()),
            late=late,
            crashes=self.crashed,
            seconds=self._seconds(),
            states=states,
        )

    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def _check_time(self, more: float = 0.0) -> None:
        if self._seconds() > self.plan.limit + more:
            raise TimeoutError(f"not over after {self._seconds():.0f} s")


BUSY = ("new", "running", "retry")


def sends(graph: str) -> int:
    """How many messages the ledger has."""
    return requests.get(f"{graph}/_sandbox/count", timeout=30).json()["sends"]


def tell(url: str, document: object) -> None:
    """Give the sandbox an order."""
    requests.post(url, json=document, timeout=30).raise_for_status()
