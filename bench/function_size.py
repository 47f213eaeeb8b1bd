"""How much memory and processor the function needs: python bench/function_size.py [--records 2000] [--rate 40]

A whole run under AWS's own bootstrap: the largest resident set of the function's process, and its CPU a record. Lambda
gives 1,769 MB one whole processor and less memory its share of one; what a run needs at `rate` follows.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import re
import sys
import tempfile
from pathlib import Path

from cold_start import BUCKET, bench, cpu_seconds
from deployed import DeployedFunction
from runtimes import DEPLOYED

HERE = Path(__file__).resolve().parent
CONFIG = """\
source: tmdb
lake: s3://{bucket}
rate: {rate}
layout: {layout}
settings:
  base_url: {base_url}
  token: env:TMDB_TOKEN
  append: [credits, keywords, external_ids]
  select:
    - ids: [{ids}]
      as: movie
"""
MB_A_PROCESSOR = 1769  # Lambda's documentation: "At 1,769 MB, a function has the equivalent of one vCPU"
TMDB_RATE = 40


def main() -> int:
    parser = argparse.ArgumentParser(description="Memory and processor of the function.")
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=200, help="requests a second of this run (default: 200)")
    asked = parser.parse_args()
    lines = [
        f"# The function's size: {asked.records:,} movies with three appended answers, Python {DEPLOYED}",
        "",
        f"`python bench/function_size.py --records {asked.records} --rate {asked.rate:g}`, "
        f"{os.cpu_count()} CPUs, load {os.getloadavg()[2]:.1f} over the last 15 minutes.",
        "",
        f"| layout | KB a record | largest RSS MB | CPU ms a record | of a processor at {TMDB_RATE} a second | = MB |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    with tempfile.TemporaryDirectory(prefix="function-size-") as folder, bench(Path(folder), DEPLOYED) as made:
        path = made.task / "config" / "tmdb.yaml"
        for layout, day in (("record", "2026-11-23"), ("batch", "2026-11-24")):
            ids = ", ".join(map(str, range(1, asked.records + 1)))
            base_url = made.environment["BASE_URL"]
            path.write_text(CONFIG.format(bucket=BUCKET, base_url=base_url, rate=asked.rate, layout=layout, ids=ids))
            with DeployedFunction(made.task, made.layers[True], made.runtime, made.log, made.environment) as function:
                answer = function.invoke({"source": "tmdb", "date": day}, timeout_s=900).payload
                if answer["status"] != "done":
                    sys.exit(f"{answer}\n{function.log}")
                status = Path(f"/proc/{function.pid}/status").read_text()
                cpu = cpu_seconds(function.pid)
            (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
            records = answer["counts"]["records"]
            each = cpu / records
            lines.append(
                f"| {layout} | {answer['counts']['bytes'] / records / 1000:.1f} | {int(peak) / 1000:.0f} | "
                f"{each * 1000:.1f} | {each * TMDB_RATE:.0%} | {each * TMDB_RATE * MB_A_PROCESSOR:.0f} |"
            )
    text = "\n".join(lines) + "\n"
    (HERE / "results" / f"{dt.datetime.now(dt.UTC).date()}-function-size.md").write_text(text)
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
