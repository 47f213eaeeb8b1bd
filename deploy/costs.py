"""What a month costs: python deploy/costs.py [--records 1000000] [--runs 30] [--memory 1024] …

Every figure of docs/deploy.md comes from here. Prices are list prices in dollars, without any free tier; replace them
by those of your region and day.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass

PRICES_OF = "us-east-1, as known in November 2026"
PRICES = {
    "Lambda, arm64, a GB-second": 0.0000133334,
    "Lambda, a request": 0.20 / 1e6,
    "S3, a PUT or LIST": 0.005 / 1e3,
    "S3, a GET": 0.0004 / 1e3,
    "S3, a GB kept for a month": 0.023,
    "Step Functions, a transition": 0.025 / 1e3,
    "CloudWatch, a metric": 0.30,
    "CloudWatch, an alarm": 0.10,
}

IDS_A_SLICE = 100
# A run stops when 10 s (to answer) and 30 s (`margin`) are left of its 900.
SECONDS_A_ROUND = 900 - 10 - 30
RENEWALS_EVERY_S = 30
TRANSITIONS_FIRST, TRANSITIONS_MORE = 5, 5  # deploy/statemachine.asl.json: a round, and each one after a partial one
METRICS, ALARMS = 10, 4
# Measured by bench/protocol.py. A slice writes its intents and its part beside its records; a file of many is read back
# once. A run has a plan, a state and a manifest, and looks into three folders and at the states of the newest 31 days.
PUTS_A_SLICE = {"record": IDS_A_SLICE + 2, "batch": 3}
GETS_A_SLICE = {"record": 0, "batch": 1}
PUTS_A_RUN, GETS_A_RUN = 9, 5 + 31


@dataclass(frozen=True, slots=True)
class Month:
    """What is done in a month. `rate` in requests a second, `memory` in MB, `body` in KB of 1,000 bytes."""

    records: int = 1_000_000
    runs: int = 30
    rate: float = 40.0
    memory: int = 1024
    body: float = 12.6
    kept_months: float = 1.0


def quantities(month: Month, layout: str) -> dict[str, float]:
    """How much of each price's unit a month takes."""
    seconds = month.records / month.rate
    slices = math.ceil(month.records / IDS_A_SLICE)
    rounds = max(1, math.ceil(seconds / month.runs / SECONDS_A_ROUND))
    renewals = seconds / RENEWALS_EVERY_S
    transitions = TRANSITIONS_FIRST + (rounds - 1) * TRANSITIONS_MORE
    return {
        "Lambda, arm64, a GB-second": seconds * month.memory / 1024,
        "Lambda, a request": month.runs * rounds,
        "S3, a PUT or LIST": slices * PUTS_A_SLICE[layout] + month.runs * PUTS_A_RUN + renewals,
        "S3, a GET": slices * GETS_A_SLICE[layout] + month.runs * GETS_A_RUN + renewals,
        "S3, a GB kept for a month": month.records * month.body / 1e6 * month.kept_months,
        "Step Functions, a transition": month.runs * transitions,
        "CloudWatch, a metric": METRICS,
        "CloudWatch, an alarm": ALARMS,
    }


def table(month: Month) -> str:
    """The costs of both layouts, as a table in Markdown."""
    per_record, per_batch = quantities(month, "record"), quantities(month, "batch")
    lines = ["| what | $ each | one object a record | $ | files of 100 | $ |", "|---|--:|--:|--:|--:|--:|"]
    totals = [0.0, 0.0]
    for name, price in PRICES.items():
        costs = per_record[name] * price, per_batch[name] * price
        totals = [total + cost for total, cost in zip(totals, costs, strict=True)]
        lines.append(
            f"| {name} | {price:.10f}".rstrip("0").rstrip(".")
            + f" | {per_record[name]:,.0f} | {costs[0]:.2f} | {per_batch[name]:,.0f} | {costs[1]:.2f} |"
        )
    lines.append(f"| **together** | | | **{totals[0]:.2f}** | | **{totals[1]:.2f}** |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="What a month costs, for both layouts.")
    default = Month()
    parser.add_argument("--records", type=int, default=default.records)
    parser.add_argument("--runs", type=int, default=default.runs, help="in a month")
    parser.add_argument("--rate", type=float, default=default.rate, help="requests a second")
    parser.add_argument("--memory", type=int, default=default.memory, help="MB")
    parser.add_argument("--body", type=float, default=default.body, help="KB a record")
    parser.add_argument("--kept-months", type=float, default=default.kept_months, help="how long each record is kept")
    asked = parser.parse_args(arguments)
    print(f"Prices: {PRICES_OF}.\n")  # noqa: T201 -- a table for whoever asked for it
    print(table(Month(**vars(asked))))  # noqa: T201 -- as above


if __name__ == "__main__":
    main()
