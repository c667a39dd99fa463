"""`make chaos`: 50,000 messages in and out through kills and crashes, then a control.

Workers are forked from a warm parent and killed -9 every 0.3 to 1 s, PostgreSQL is
stopped with `-m immediate` three times, and the platform forgets to answer what it
accepted. Nothing may be lost or sent twice. The control, a worker that sends again
whatever it did not hear of, must double: else the run proves nothing.
"""

import argparse
import os
import sys
from dataclasses import asdict
from typing import Any

from benchmarks.chaos.place import prepared


def main() -> int:
    """The run and its control; 1 unless the first is clean and the second is not."""
    parser = argparse.ArgumentParser(prog="benchmarks.chaos", description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--control", type=int, default=6_000, help="0: none")
    parser.add_argument("--crashes", type=int, default=3, help="of PostgreSQL")
    parser.add_argument("--patience", type=float, default=60, help="with silence (s)")
    parser.add_argument("--limit", type=float, default=600, help="seconds for each")
    parser.add_argument("--skew", type=float, default=0, help="of clocks (s)")
    options = parser.parse_args()
    os.environ["LOG_LEVEL"] = "CRITICAL"
    more = {name: getattr(options, name) for name in ("crashes", "patience", "limit")}
    good = run(messages=options.messages, skew=options.skew, **more)
    if options.control:
        good = not run(messages=options.control, blind=True, **more) and good
    return 0 if good else 1


def run(**wanted: Any) -> bool:
    """One storm; whether it was clean."""
    with prepared() as root:
        from benchmarks.chaos.storm import Plan, Storm

        plan = Plan(**wanted)
        name = "control" if plan.blind else "chaos"
        print(f"\n== {name}: {plan.messages} messages", flush=True)
        verdict = Storm(plan, root, lambda line: print(line, flush=True)).rage()
    for name, value in asdict(verdict).items():
        print(f"{name:>16}  {value}")
    print("clean" if verdict.is_clean else "NOT clean", flush=True)
    return verdict.is_clean


if __name__ == "__main__":
    sys.exit(main())
