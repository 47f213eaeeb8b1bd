"""`--workers N`: real processes, a real API that refuses who is too fast, and kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ingest_source_tmdb.simulator import Simulator

FILMS = 1_000
RATE = 400.0
Begin = Callable[..., "subprocess.Popen[str]"]
WaitFor = Callable[[Callable[[], bool]], None]

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds workers by /proc")


def ended(run: subprocess.Popen[str]) -> tuple[int, Any, str]:
    out, err = run.communicate(timeout=120)
    return run.returncode, json.loads(out) if out.strip() else None, err


def details(simulator: Simulator) -> Counter[str]:
    return Counter(line.path for line in simulator.log if line.status == 200 and "/movie/" in line.path)


def refused(simulator: Simulator) -> int:
    return sum(line.status == 429 for line in simulator.log)


def workers_of(run: subprocess.Popen[str]) -> list[int]:
    """The processes that a run has started, by /proc."""
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    return [int(pid) for pid in children.read_text().split()] if children.exists() else []


def bodies(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (home / "lake/Raw").rglob("*.json")}


def assert_each_landed_once(home: Path, simulator: Simulator) -> None:
    assert len(bodies(home)) == FILMS
    parts = [json.loads(path.read_bytes()) for path in (home / "lake/_ingest/TMDB/tmdb/2026-11-23/g1/parts").iterdir()]
    named = Counter(one["id"] for part in parts for one in part["records"])
    assert named == Counter(map(str, range(1, FILMS + 1)))
    assert bodies(home)["movie-7.json"] == simulator.answer("/movie/7")[1]


def test_workers_land_what_one_process_does_and_keep_the_rate_together(
    home: Path, begin: Begin, simulator: Simulator
) -> None:
    code, report, err = ended(begin("--workers", "4"))

    assert (code, report["status"], report["counts"]["records"]) == (0, "done", FILMS), err
    assert report["counts"]["requests"] == FILMS
    assert report["counts"]["throttled"] == refused(simulator) == 0
    assert set(details(simulator).values()) == {1}
    assert_each_landed_once(home, simulator)


def test_a_worker_that_is_killed_is_noticed_and_the_others_land_what_it_had(
    home: Path, begin: Begin, simulator: Simulator, wait_for: WaitFor
) -> None:
    run = begin("--workers", "3")
    wait_for(lambda: len(simulator.log) > 250)
    victim = workers_of(run)[0]
    os.kill(victim, signal.SIGKILL)
    code, report, err = ended(run)

    assert (code, report["status"], report["counts"]["records"]) == (0, "done", FILMS), err
    assert "has died (-9); what it had is landed by the others" in err
    assert_each_landed_once(home, simulator)
    # What it had under way is asked for again: a slice of a hundred, or two.
    assert sum(details(simulator).values()) <= FILMS + 300
    assert refused(simulator) == 0


def test_all_workers_dead_the_run_itself_goes_on(
    home: Path, begin: Begin, simulator: Simulator, wait_for: WaitFor
) -> None:
    run = begin("--workers", "2")
    wait_for(lambda: len(simulator.log) > 200)
    for pid in workers_of(run):
        os.kill(pid, signal.SIGKILL)
    code, report, err = ended(run)

    assert (code, report["status"], report["counts"]["records"]) == (0, "done", FILMS), err
    assert_each_landed_once(home, simulator)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_its_workers_and_the_same_command_goes_on(
    home: Path, begin: Begin, simulator: Simulator, sent: signal.Signals, wait_for: WaitFor
) -> None:
    run = begin("--workers", "3")
    wait_for(lambda: len(simulator.log) > 350)
    workers = workers_of(run)
    run.send_signal(sent)
    code, _, err = ended(run)

    assert code == 130, err
    assert len(workers) == 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    code, report, err = ended(begin("--workers", "3"))
    assert (code, report["status"], report["counts"]["records"]) == (0, "done", FILMS), err
    assert_each_landed_once(home, simulator)


def test_a_killed_run_takes_its_workers_along_and_nobody_has_the_date_before_they_are_gone(
    home: Path, begin: Begin, simulator: Simulator, wait_for: WaitFor
) -> None:
    run = begin("--workers", "3")
    wait_for(lambda: len(simulator.log) > 300)
    workers = workers_of(run)
    stopped = workers[0]
    os.kill(stopped, signal.SIGSTOP)  # it cannot notice
    run.kill()
    run.wait()  # not for the end of its output, which its workers have, too
    code, report, err = ended(begin())
    assert (code, report["status"]) == (5, "locked"), err
    os.kill(stopped, signal.SIGCONT)
    wait_for(lambda: not any(_is_alive(pid) for pid in workers))
    code, report, err = ended(begin("--workers", "2"))

    assert (code, report["status"], report["counts"]["records"]) == (0, "done", FILMS), err
    assert_each_landed_once(home, simulator)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_key_is_on_no_command_line(begin: Begin, simulator: Simulator, wait_for: WaitFor) -> None:
    run = begin("--workers", "2")
    wait_for(lambda: len(simulator.log) > 100)
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in (run.pid, *workers_of(run))]
    ended(run)

    assert len(lines) == 3
    assert not any(simulator.options.token.encode() in line for line in lines)


def test_what_every_worker_would_fail_at_ends_the_run_with_its_own_exit_code(
    begin: Begin, simulator: Simulator
) -> None:
    began = time.monotonic()
    code, report, err = ended(begin("--workers", "3", TMDB_TOKEN="another"))

    assert (code, report["status"], report["error"]["kind"]) == (4, "failed", "CredentialsError"), err
    assert time.monotonic() - began < 60
    assert simulator.options.token not in err


def test_workers_that_say_what_is_no_news_are_ended_and_the_run_lands_all_itself(
    home: Path, begin: Begin, simulator: Simulator
) -> None:
    (home / "chatty").mkdir()
    (home / "chatty/sitecustomize.py").write_text(
        "import sys\nif 'ingest_core.workers.process' in sys.orig_argv: print('hello', flush=True)\n"
    )
    code, report, err = ended(begin("--workers", "2", PYTHONPATH=str(home / "chatty")))
    assert (code, report["status"], report["counts"]["records"]) == (0, "done", FILMS), err
    assert "says what is no news" in err
    assert_each_landed_once(home, simulator)


def test_a_config_may_say_how_many(home: Path, begin: Begin, simulator: Simulator, wait_for: WaitFor) -> None:
    with (home / "conf/tmdb.yaml").open("a") as config:
        config.write("workers: 2\n")
    run = begin()
    wait_for(lambda: len(simulator.log) > 100)
    assert len(workers_of(run)) == 2
    assert ended(run)[0] == 0
