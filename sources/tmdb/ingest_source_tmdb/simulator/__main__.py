"""`python -m ingest_source_tmdb.simulator`: a simulator to point anything at, until it is interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

from ingest_source_tmdb.simulator.options import Options
from ingest_source_tmdb.simulator.server import Simulator


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM, then say how many requests were served. Returns 0."""
    parser = _parser()
    try:
        options = Options(**vars(parser.parse_args(arguments)))
    except ValueError as error:
        parser.error(str(error))
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    try:
        simulator = Simulator(options).start()
    except OSError as error:
        parser.error(f"cannot listen on {options.host}:{options.port}: {error.strerror}")
    _say(f"Simulated TMDB at {simulator.base_url}")
    _say(f"export TMDB_TOKEN={options.token}")
    ended.wait()
    simulator.stop()
    _say(f"Served {simulator.served} requests.")
    return 0


def _parser() -> argparse.ArgumentParser:
    defaults = Options()
    parser = argparse.ArgumentParser(prog="python -m ingest_source_tmdb.simulator", description=__doc__)
    for name, kind, meaning in (
        ("host", str, "loopback address to serve on"),
        ("port", int, "port; 0 for any free one"),
        ("seed", int, "which made-up data"),
        ("token", str, "the read token that is accepted"),
        ("api_key", str, "the v3 key that is accepted"),
        ("movies", int, "how many movies exist"),
        ("shows", int, "how many shows exist"),
        ("people", int, "how many people exist"),
        ("list_total", int, "rows that every list claims"),
        ("latency", float, "seconds before each answer"),
        ("rate", float, "requests a second before 429; no limit unless given"),
        ("retry_after", int, "seconds that a 429 asks for; not said unless given"),
        ("missing", float, "share of ids that answer 404"),
        ("soft_missing", float, "share of ids that answer 200 with code 21"),
        ("changes", int, "ids of each kind that change a day"),
        ("crowd", int, "movies that were all released on one day, 2001-01-01"),
        ("exported", str, "the newest day that has files of ids"),
        ("faults", float, "share of requests that meet a transient fault"),
    ):
        shown = f"{meaning} (default: {getattr(defaults, name)})"
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=kind, default=getattr(defaults, name), help=shown, metavar="N"
        )
    return parser


def _say(line: str) -> None:
    # Flushed: whoever starts this as a process waits for the first line.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
