"""`make simulate SEEDS=… FIRST=…`: that many seeds from FIRST on, over two processes."""

from __future__ import annotations

import argparse
import gc
import logging
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from .simulate import Outcome, simulate
from .sites import Hit, declared, never_hit

CHUNK = 250
ENOUGH_SEEDS = 10_000


def run_chunk(first: int, count: int) -> tuple[list[Outcome], Counter[Hit], float]:
    """The seeds from `first` on: those with violations, what was hit, and seconds of CPU."""
    logging.disable(logging.CRITICAL)
    gc.disable()
    began, hits, bad = time.process_time(), Counter[Hit](), list[Outcome]()
    for seed in range(first, first + count):
        outcome = simulate(seed, hits)
        if outcome.violations:
            bad.append(outcome)
        if seed % 25 == 0:
            gc.collect()
    return bad, hits, time.process_time() - began


def chunks(first: int, count: int) -> Iterator[tuple[int, int]]:
    for start in range(first, first + count, CHUNK):
        yield start, min(CHUNK, first + count - start)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=ENOUGH_SEEDS)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--trace", action="store_true", help="print every I/O step")
    asked = parser.parse_args()
    if asked.seeds == 1:
        return one(asked.first)
    began, cpu, hits, bad, late = time.monotonic(), 0.0, Counter[Hit](), 0, 0
    with ProcessPoolExecutor(asked.processes) as pool:
        for found, met, seconds in pool.map(run_chunk, *zip(*chunks(asked.first, asked.seeds), strict=True)):
            cpu += seconds
            hits.update(met)
            for outcome in found:
                late += outcome.is_late
                bad += not outcome.is_late
                kind = "late write" if outcome.is_late else "VIOLATION"
                print(f"{kind}: make simulate SEEDS=1 FIRST={outcome.seed}  # {outcome.violations[0]}", flush=True)
    table(hits)
    print(
        f"{asked.seeds} seeds from {asked.first}: {bad} violations, {late} after writes that came too late, "
        f"{time.monotonic() - began:.0f} s, {1000 * cpu / asked.seeds:.1f} ms of CPU a seed"
    )
    missing = never_hit(hits)
    for hit in missing:
        print("never hit:", *hit)
    return 1 if bad or (missing and asked.seeds >= ENOUGH_SEEDS) else 0


def one(seed: int) -> int:
    logging.disable(logging.CRITICAL)
    outcome = simulate(seed, trace=print)
    for violation in outcome.violations:
        print(f"VIOLATION: {violation}")
    print(f"seed {seed}: {len(outcome.violations)} violations{', late writes' if outcome.is_late else ''}")
    return 1 if outcome.violations else 0


def table(hits: Counter[Hit]) -> None:
    """Hits by site and fault."""
    faults = list(dict.fromkeys(fault for *_, fault in declared()))
    print(f"{'':30}" + "".join(f"{fault[:10]:>11}" for fault in faults))
    for where, site, step in dict.fromkeys(hit[:3] for hit in declared()):
        possible = {fault for *place, fault in declared() if place == [where, site, step]}
        cells = (str(hits[where, site, step, fault]) if fault in possible else "" for fault in faults)
        print(f"{f'{where} {site} {step}':30}" + "".join(f"{cell:>11}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
