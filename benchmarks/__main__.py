"""`python -m benchmarks [door] [ingest]`: makes a database, measures, prints, drops it.

Each figure is the median of several rounds in which floor and subject take turns, so
that a noisy neighbour hurts both. Nothing here is a test: ratios vary by a tenth.
"""

import argparse

from benchmarks import places


def main() -> None:
    """Run the rows that were asked for, all without arguments."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", help="door, ingest; all when left out")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with places.database():
        from benchmarks import door, ingest  # they need the settings to be there

        rows = {"door": door.measure, "ingest": ingest.measure}
        for name in options.rows or rows:
            print(f"\n== {name}", flush=True)
            for line in rows[name](options.rounds):
                print(line, flush=True)


if __name__ == "__main__":
    main()
