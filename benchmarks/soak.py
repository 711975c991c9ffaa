"""Ten thousand hits, five channels that fail in every way, two hundred kills: what was lost, what was told twice?

    python -m benchmarks.soak [--hits 10000] [--kills 200] [--seed 1] [--minutes 20]

A mail server and an HTTPS server on this machine answer 4xx, 5xx and 429, hang, hang up, or take a message and hang up
without an answer, at random. The program records and delivers, its clock sixty times as fast as ours, and is killed
(-9) somewhere in its share of the work, again and again. Takes a quarter of an hour of CPU. Exit 1 when a hit was lost
or told again without a reason, a repeated mail was not the same mail, or a message was over a limit of its service.
`tests/acceptance/soak.py` says how it works.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.acceptance.soak import soak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hits", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--minutes", type=float, default=1e6, help="find and kill no longer than this")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # and with it the life that it started
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        account = soak(
            Path(folder), hits=given.hits, kills=given.kills, seed=given.seed, minutes=given.minutes, patience=3_600
        )
    print(account)
    sys.exit(bool(account.lost or account.repeated_otherwise or account.mails_unfolded or account.over))


if __name__ == "__main__":
    main()
