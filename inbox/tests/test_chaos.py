"""T03 and T07 in small: 5,000 messages in and out while workers are killed and the
database crashes. `make chaos` does it with 50,000, and with a control."""

import subprocess
import sys

import pytest

from inbox.tests.live import ROOT

pytestmark = pytest.mark.slow
SMALL = "--messages 5000 --control 0 --crashes 1 --patience 25 --limit 400"


def test_nothing_is_lost_or_doubled_in_a_storm():
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.chaos", *SMALL.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    found = dict(
        line.split(maxsplit=1) for line in run.stdout.splitlines() if line[:1] == " "
    )
    assert run.returncode == 0, run.stdout + run.stderr[-2000:]
    assert int(found["received"]) == 2500
    assert int(found["sent"]) + int(found["asked"]) == 2500
    assert int(found["kills"]) >= 10
    assert int(found["crashes"]) == 1
