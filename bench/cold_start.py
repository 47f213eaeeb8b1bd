"""Cold starts of the deployed function, under AWS's own bootstrap, beside handlers that do without ingest_core.

    python bench/cold_start.py [--rounds 15] [--python 3.13]

Each start is a fresh process, the contestants in turn. "init" is from the process's start until it asks for its first
event, "first PUT" from its start until S3 has its first PUT, "first answer" from the event until its answer, "warm" a
second one. With and without bytecode in the layer; the runtime's own packages have theirs. CPU is user and system of
the function's process, from its start.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from ingest_source_tmdb.simulator import Simulator

HERE = Path(__file__).resolve().parent
# Appended, not put first: layer/build.py must not hide the package of that name.
sys.path += [str(HERE.parent / "tests" / name) for name in ("lambda", "lake")] + [str(HERE.parent / "layer")]

import sandbox  # noqa: E402 -- found on the path that the line above extends
from built_layer import build_layer  # noqa: E402 -- as above
from deployed import HANDLER, DeployedFunction  # noqa: E402 -- as above
from runtimes import DEPLOYED, Runtime, make_runtime  # noqa: E402 -- as above
from scripted_s3 import Asked, ScriptedS3, scripted  # noqa: E402 -- as above

from ingest_core.assembly import Workspace  # noqa: E402 -- as above

BUCKET = "cold-starts"
CONFIG = """\
source: tmdb
lake: s3://{bucket}
settings:
  base_url: {base_url}
  token: env:TMDB_TOKEN
  select:
    - ids: [1]
      as: movie
"""
EMPTY = """
import boto3, requests
def handler(event, context):
    return {}
"""
# What people write: one GET, one PUT, and clients made when they are first needed.
PLAIN = """
import os
import boto3, requests
def handler(event, context):
    token = {"Authorization": "Bearer " + os.environ["TMDB_TOKEN"]}
    answer = requests.get(os.environ["BASE_URL"] + "/movie/1", headers=token, timeout=10)
    answer.raise_for_status()
    key = "plain/" + event["date"] + ".json"
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=key, Body=answer.content)
    return {"status": "done"}
"""
EXTRA = ("pycurl",)  # what `[fast]` brings


@dataclass(frozen=True)
class Contestant:
    """A handler, and what its container has beside the rest."""

    row: str
    handler: str = HANDLER
    is_stamped: bool = True
    is_fast: bool = False


EMPTY_ROW = Contestant("imports boto3 and requests, does nothing", "empty.handler")
PLAIN_ROW = Contestant("the same, one GET and one PUT", "plain.handler")
CONTESTANTS = (
    EMPTY_ROW,
    PLAIN_ROW,
    Contestant("`ingest_core`, a run of one record"),
    Contestant("the same, its config not stamped", is_stamped=False),
    Contestant("the same, stamped, with `[fast]`", is_fast=True),
)


@dataclass(frozen=True)
class Start:
    """One cold start, in ms: wall clock, and CPU of the function's process."""

    contestant: str
    bytecode: bool
    init: float
    init_cpu: float
    put_cpu: float
    first: float
    first_cpu: float
    warm: float
    warm_cpu: float


FIGURES: tuple[Callable[[Start], float], ...] = (
    lambda start: start.init,
    lambda start: start.init_cpu,
    lambda start: start.put_cpu,
    lambda start: start.first,
    lambda start: start.first_cpu,
    lambda start: start.init + start.first,
    lambda start: start.init_cpu + start.first_cpu,
    lambda start: start.warm,
    lambda start: start.warm_cpu,
)


@dataclass(frozen=True)
class Bench:
    """What all starts have in common."""

    task: Path
    layers: dict[bool, Path]
    runtime: Runtime
    environment: dict[str, str]
    log: Path
    watch: Watch
    lake: ScriptedS3


class Watch:
    """S3's script: notes what the process `pid` has spent when its first PUT comes. Seconds; None before."""

    def __init__(self) -> None:
        self.pid = 0
        self.spent: float | None = None

    def __call__(self, asked: Asked, before: int) -> None:
        if asked.method == "PUT" and self.pid and self.spent is None:
            self.spent = cpu_seconds(self.pid)


def main() -> int:
    parser = argparse.ArgumentParser(description="Cold starts, with and without bytecode.")
    parser.add_argument("--rounds", type=int, default=15, help="fresh processes of each kind (default: 15)")
    parser.add_argument("--python", default=DEPLOYED, help=f"the runtime (default: {DEPLOYED})")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cold-start-") as folder, bench(Path(folder), asked.python) as made:
        starts = []
        for number in range(asked.rounds):
            starts += [one_start(made, who, has) for who in CONTESTANTS for has in (True, False)]
            print(f"round {number + 1} of {asked.rounds}", file=sys.stderr, flush=True)
        text = markdown(starts, made, asked.rounds)
    name = f"{dt.datetime.now(dt.UTC).date()}-cold-start"
    (HERE / "results" / f"{name}.md").write_text(text)
    (HERE / "results" / f"{name}.json").write_text(json.dumps([asdict(start) for start in starts], indent=1) + "\n")
    sys.stdout.write(text)
    return 0


@contextmanager
def bench(folder: Path, python: str) -> Iterator[Bench]:
    """Both layers, the runtime, TMDB's stand-in and an S3."""
    runtime = make_runtime(python, folder / "var" / "runtime")
    if runtime is None:
        sys.exit(f"no CPython {python} here")
    folder.chmod(0o755)
    layers = {has: _unpacked(folder / str(has), python, "always" if has else "never") for has in (True, False)}
    for has in (True, False):
        _with_extra(layers[has], folder / f"{has}-fast", runtime, compiled=has)
    watch = Watch()
    task = folder / "task"
    (task / "config").mkdir(parents=True)
    with Simulator() as simulator, scripted(watch) as server:
        (task / "config" / "tmdb.yaml").write_text(CONFIG.format(bucket=BUCKET, base_url=simulator.base_url))
        (task / "empty.py").write_text(EMPTY)
        (task / "plain.py").write_text(PLAIN)
        environment = {
            "TMDB_TOKEN": simulator.options.token,
            "BASE_URL": simulator.base_url,
            "BUCKET": BUCKET,
            "AWS_ENDPOINT_URL_S3": server.url,
        }
        yield Bench(task, layers, runtime, environment, folder / "log", watch, server)


def _unpacked(folder: Path, python: str, pyc: str) -> Path:
    built = build_layer(folder, "--python", python, "--pyc", pyc)
    with zipfile.ZipFile(built.zip) as archive:
        archive.extractall(folder / "opt")
    return folder / "opt" / "python"


def _with_extra(layer: Path, folder: Path, runtime: Runtime, *, compiled: bool) -> None:
    """The layer with the `[fast]` extra, in `folder`."""
    shutil.copytree(layer.parent, folder / "opt")
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--python", str(runtime.python)]
    command += ["--compile-bytecode"] if compiled else []
    subprocess.run([*command, "--target", str(folder / "opt" / "python"), *EXTRA], check=True)


def one_start(made: Bench, who: Contestant, has_bytecode: bool) -> Start:
    """A fresh process, an empty lake, a first event, and a second for another day."""
    layer = made.layers[has_bytecode]
    if who.is_fast:
        layer = layer.parents[2] / f"{has_bytecode}-fast" / "opt" / "python"
    stamp = made.task / "config" / "tmdb.stamp.json"
    stamp.unlink(missing_ok=True)
    if who.is_stamped:
        Workspace({"INGEST_CONFIG_DIR": str(made.task / "config")}).stamp("tmdb")
    made.lake.empty()
    days = [dt.date(2026, 11, 23), dt.date(2026, 11, 24)]
    made.watch.pid, made.watch.spent = 0, None
    with DeployedFunction(made.task, layer, made.runtime, made.log, made.environment, who.handler) as function:
        made.watch.pid = function.pid
        init, spent = function.init_seconds, [cpu_seconds(function.pid)]
        took = []
        for day in days:
            began = time.monotonic()
            outcome = function.invoke({"source": "tmdb", "date": day.isoformat()})
            took.append(time.monotonic() - began)
            spent.append(cpu_seconds(function.pid))
            if outcome.error is not None or (outcome.payload and outcome.payload["status"] != "done"):
                sys.exit(f"{who.row}: {outcome}\n{function.log}")
    answered, warm = (later - before for before, later in itertools.pairwise(spent))
    figures = [init, spent[0], made.watch.spent or 0.0, took[0], answered, took[1], warm]
    return Start(who.row, has_bytecode, *(round(figure * 1000, 1) for figure in figures))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all of its threads: its clock of the kernel (clock_getcpuclockid(3))."""
    return time.clock_gettime(~pid << 3 | 2)


def markdown(starts: list[Start], made: Bench, rounds: int) -> str:
    """The medians, as a table."""
    why_not = sandbox.why_not(made.runtime.python)
    boto3 = _version_of(made.runtime.packages, "boto3")
    lines = [
        f"# Cold starts: medians of {rounds} fresh processes, in ms",
        "",
        f"`python bench/cold_start.py --rounds {rounds} --python {made.runtime.version}`, "
        f"Python {made.runtime.version}, boto3 {boto3}, {os.cpu_count()} CPUs ({platform.machine()}), load "
        f"{os.getloadavg()[2]:.1f} over the last 15 minutes; Lambda's own paths: {why_not or 'yes'}.",
        "",
        "| | bytecode | init | CPU | CPU to the first PUT | first answer | CPU | init + first | CPU | warm | CPU |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    put: dict[tuple[str, bool], float] = {}
    for row in (who.row for who in CONTESTANTS):
        for has in (True, False):
            found = [start for start in starts if (start.contestant, start.bytecode) == (row, has)]
            figures = [median(figure(start) for start in found) for figure in FIGURES]
            put[row, has] = median(start.put_cpu for start in found)
            cells = " | ".join(f"{figure:,.0f}" for figure in figures)
            lines.append(f"| {row} | {'yes' if has else 'no'} | {cells} |")
    lines += ["", "CPU to the first PUT over that of the plain handler, with bytecode:", ""]
    lines += [f"- {who.row}: {put[who.row, True] / put[PLAIN_ROW.row, True]:.2f}" for who in CONTESTANTS[2:]]
    return "\n".join(lines) + "\n"


def _version_of(packages: Path, name: str) -> str:
    return next(path.name.removesuffix(".dist-info").split("-")[1] for path in packages.glob(f"{name}-*.dist-info"))


if __name__ == "__main__":
    sys.exit(main())
