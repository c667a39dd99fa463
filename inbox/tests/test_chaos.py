"""T03, T07 and T15 in small: messages in and out while workers are killed, the database
crashes, and clocks are ten minutes wrong. `make chaos` does it with 50,000, and with a
control; test_clocks.py has that for the clocks."""

import subprocess
import sys

import pytest

from inbox.tests.live import ROOT

pytestmark = pytest.mark.slow
SMALL = "--messages 5000 --control 0 --crashes 1 --patience 25 --limit 400 --skew 600"


def storm(options: str) -> tuple[int, dict[str, str], str]:
    """What came of it: the exit code, the figures, everything it said."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.chaos", *options.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    found = dict(
        line.split(maxsplit=1) for line in run.stdout.splitlines() if line[:1] == " "
    )
    return run.returncode, found, run.stdout + run.stderr[-2000:]


def test_nothing_is_lost_or_doubled_in_a_storm():
    code, found, said = storm(SMALL)
    assert code == 0, said
    assert int(found["received"]) == 2500
    assert int(found["sent"]) + int(found["asked"]) == 2500
    assert int(found["kills"]) >= 10
    assert int(found["crashes"]) == 1
