"""TMDB's selections at size, against the simulator and its log: python bench/tmdb.py [csv discover …]

Each part runs the command `ingest` as a user would, in a process of its own, into a folder (the CSV's into moto's S3),
and compares what landed with the simulator's data, and what was asked with its log. A difference ends the program.
Figures go to standard output and to bench/results/<day>-tmdb.md, with the names of the parts where some were chosen.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tmdb_csv import csv_of_imdb_ids
from tmdb_lists import changes, crowded_day, discover, export
from tmdb_storms import storms

HERE = Path(__file__).parent
PARTS: dict[str, tuple[Callable[[], Iterator[str]], ...]] = {
    "csv": (csv_of_imdb_ids,),
    "discover": (discover, crowded_day),
    "changes": (changes,),
    "export": (export,),
    "storms": (storms,),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="TMDB's selections at size.")
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART", help=f"of {', '.join(PARTS)}; all")
    parser.add_argument("--print", action="store_true", help="write nothing to bench/results/")
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    lines = [f"# TMDB's selections at size: `python bench/tmdb.py {' '.join(asked.parts)}`", ""]
    lines.append(
        f"Python {sys.version.split()[0]}; the simulator runs in the benchmark's own process, on the same cores."
    )
    for name in asked.parts:
        for part in PARTS[name]:
            print(f"{part.__name__} …", file=sys.stderr, flush=True)
            lines += ["", *part()]
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if not asked.print:
        name = "-".join(["tmdb", *(asked.parts if asked.parts != list(PARTS) else [])])
        (HERE / "results" / f"{dt.datetime.now(dt.UTC).date()}-{name}.md").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
