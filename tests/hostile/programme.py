"""Runs against the hostile API until the day is done, then the lake against the server's own log."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest_core.assembly import Wish, Workspace
from ingest_core.keys import file_stem, id_text
from ingest_core.model import Report, Status

from .catalog import Catalog
from .faults import LANDED, MISSING, ODD, REJECTED

HERE = Path(__file__).resolve().parent
DAY = "2026-11-23"
MOST_RUNS = 40
REASONS = {fault.name: fault.reason for fault in ODD}


class QuickClock:
    """Real time, but nobody waits longer than a moment: back-off and Retry-After are decided, not sat through."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def pause(self, seconds: float, stop: threading.Event) -> None:
        stop.wait(min(seconds, 0.002))


@dataclass
class Verdict:
    """What a programme found. `problems` is empty where the lake is what the API said, and all is accounted for."""

    runs: int = 0
    responses: int = 0
    sent: dict[str, int] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    by_fault: dict[str, Counter[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    seconds: float = 0.0
    peak_megabytes: float = 0.0


@contextmanager
def serving(catalog: Catalog) -> Iterator[str]:
    """The API in a process of its own; its base URL."""
    given = (catalog.seed, catalog.things, catalog.share, catalog.only)
    command = [sys.executable, "-m", "tests.hostile.server", *map(str, given)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE.parents[1]
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def perform(catalog: Catalog, folder: Path, token: str, engine: str = "default", timeout: str = "5s") -> Verdict:
    """Runs until the day is done, at most MOST_RUNS times; everything that is written lies below `folder`.

    `engine` is what talks to the API.
    """
    began = time.monotonic()
    with serving(catalog) as url:
        config = folder / "config"
        config.mkdir(parents=True)
        (config / "hostile.yaml").write_text(
            f"source: hostile\nlake: {folder / 'lake'}\nrate: 10000\nconnections: 16\ntimeout: {timeout}\n"
            f"max_failed: 100%\nsettings: {{base_url: {url!r}, token: 'env:HOSTILE_TOKEN'}}\n"
        )
        environment = {
            "INGEST_CONFIG_DIR": str(config),
            "INGEST_PLUGINS": str(HERE / "plugins"),
            "HOSTILE_TOKEN": token,
            "INGEST_ENGINE": engine,
        }
        workspace = Workspace(environment, clock=QuickClock())
        verdict = Verdict()
        with _logging(workspace, folder / "log.txt"):
            while verdict.runs < MOST_RUNS:
                verdict.runs += 1
                verdict.reports.append(workspace.run("hostile", Wish(date=DAY)))
                if verdict.reports[-1].status is not Status.PARTIAL:
                    break
        with urllib.request.urlopen(f"{url}/log") as answer:
            log = json.load(answer)
    _judge(verdict, catalog, log, folder / "lake")
    verdict.seconds, verdict.peak_megabytes = time.monotonic() - began, _peak_megabytes()
    return verdict


@contextmanager
def _logging(workspace: Workspace, path: Path) -> Iterator[None]:
    """Everything that is logged, third parties' lines too, as the command and the handler set it up."""
    handler = logging.FileHandler(path, encoding="utf-8")
    workspace.redactor.guard([handler])
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
        handler.close()


def _judge(verdict: Verdict, catalog: Catalog, log: dict[str, Any], lake: Path) -> None:
    report = verdict.reports[-1]
    verdict.sent, verdict.responses = log["sent"], sum(log["sent"].values())
    problems, becomes = verdict.problems, log["becomes"]
    if report.status is not Status.DONE:
        problems.append(f"the run ended {report.status.value}: {report.error}")
    if log["trapped"]:
        problems.append(f"{log['trapped']} redirects were followed")
    expected = {catalog.id(number) for number in range(catalog.things)}
    undecided = sorted(expected ^ set(becomes))
    problems.extend(f"{id[:40]!r} was never decided, or not asked for" for id in undecided)
    landed = {path.name: path for path in (lake / "Raw").rglob("*") if path.is_file()}
    rejected, bad_ids, missing = _accounted(lake)
    problems.extend(f"{id[:40]!r} was rejected: {rejected[id]}" for id in undecided if id in rejected)
    for id, (what, how) in becomes.items():
        path = landed.pop(f"{file_stem(id)}.json", None)
        found = LANDED if path else REJECTED if id in rejected else MISSING if id in missing else "lost"
        verdict.outcomes[found] += 1
        odd = catalog.odd(id)
        verdict.by_fault.setdefault(odd.name if odd else "sound", Counter())[found] += 1
        if found != what:
            problems.append(f"{id[:40]!r} ({how}) is {found}, not {what}")
        elif path and hashlib.sha256(path.read_bytes()).hexdigest() != how:
            problems.append(f"{id[:40]!r} is not what was sent")
        elif found == REJECTED and REASONS[how] not in rejected[id]:
            problems.append(f"{id[:40]!r} ({how}) was rejected as {rejected[id]!r}")
    problems.extend(f"{name} lies there and was never sent" for name in landed)
    wrong_ids = _bad_ids(catalog)
    verdict.outcomes["rejected: bad id"] = bad_ids
    if bad_ids != wrong_ids:
        problems.append(f"{bad_ids} bad ids in the quarantine, {wrong_ids} in the lists")
    counts = report.counts
    told = (counts.records, counts.rejected, counts.missing, counts.unaccounted, counts.conflicts)
    outcomes = verdict.outcomes
    found_there = (outcomes[LANDED], outcomes[REJECTED] + bad_ids, outcomes[MISSING], 0, 0)
    if told != found_there:
        problems.append(f"the report says {told}, the lake {found_there}")


def _accounted(lake: Path) -> tuple[dict[str, str], int, set[str]]:
    """By the parts: id → why it was rejected, how many ids were none, and what is missing."""
    rejected: dict[str, str] = {}
    missing: set[str] = set()
    bad_ids = 0
    for path in lake.rglob("parts/*.json"):
        part = json.loads(path.read_bytes())
        missing |= {absent["id"] for absent in part.get("missing", [])}
        for absent in part.get("rejected", []):
            if not (lake / absent["quarantine"]).is_file():
                rejected[absent["id"]] = "not in the quarantine"
            elif absent["reason"].startswith("bad id"):
                bad_ids += 1
            else:
                rejected[absent["id"]] = absent["reason"]
    return rejected, bad_ids, missing


def _bad_ids(catalog: Catalog) -> int:
    count, page = 0, 0
    while True:
        pages = [catalog.walk(walk, page) for walk in range(8)]
        if not any(pages):
            return count
        count += sum(id_text(id) is None for items in pages for id in items)
        page += 1


def _peak_megabytes() -> float:
    """The most memory that this process ever had."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
