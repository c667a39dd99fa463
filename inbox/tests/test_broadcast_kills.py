"""A broadcast through kill -9 in small; `python -m benchmarks.broadcast` does it with
5,000 leads. The control has the guards off and must double."""

import subprocess
import sys

import pytest

from inbox.tests.live import ROOT

pytestmark = pytest.mark.slow
SMALL = "--leads 500 --kills 2 --pause 0.8 1.6 --control 300 --limit 200"


def test_workers_that_are_killed_double_nobody_and_leave_out_nobody():
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.broadcast", *SMALL.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert run.returncode == 0, run.stdout + run.stderr[-2000:]
    good, control = (
        dict(line.split(maxsplit=1) for line in part.splitlines() if line[:1] == " ")
        for part in run.stdout.split("== ")[1:]
    )
    assert (good["sent"], good["doubles"], good["missing"]) == ("500", "0", "0")
    assert good["kills"] == "2"
    assert int(control["doubles"]) > 0
