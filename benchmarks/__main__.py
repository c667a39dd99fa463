"""`python -m benchmarks [row …]`: makes a database, measures, prints, drops it.

Each figure is the median of several rounds in which floor and subject take turns, so
that a noisy neighbour hurts both. Nothing here is a test: ratios vary by a tenth.
"""

import argparse

from benchmarks import places


def main() -> None:
    """Run the rows that were asked for, all without arguments."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", help="which of them; all if none")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--conversations", type=int, default=200_000)
    parser.add_argument("--messages", type=int, default=5_000_000)
    parser.add_argument("--leads", type=int, default=1_000_000)
    options = parser.parse_args()
    with places.database():
        # they need the settings to be there
        from benchmarks import (
            door,
            filling,
            ingest,
            leads,
            listing,
            live,
            reading,
            replies,
            reports,
        )

        filling.CONVERSATIONS = options.conversations
        filling.MESSAGES = reports.MESSAGES = options.messages
        listing.LEADS = reports.LEADS = options.leads
        rows = {
            "door": door.measure,
            "ingest": ingest.measure,
            "live": live.measure,
            "reading": reading.measure,
            "lists": listing.measure,
            "bulk": leads.measure_bulk,
            "import": leads.measure_import,
            "replies": replies.measure,
            "reports": reports.measure,
        }
        for name in options.rows or rows:
            print(f"\n== {name}", flush=True)
            for line in rows[name](options.rounds):
                print(line, flush=True)


if __name__ == "__main__":
    main()
