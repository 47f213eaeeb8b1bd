"""A run that does not fit into one invocation, and an event that is delivered twice, under the bootstrap of AWS."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployed import DeployedFunction
from deployment import DATE, EVENT, Deployment, deployment_of
from finding import find_python
from runtime_api import Outcome
from runtimes import DEPLOYED, RUNNING, Runtime

# Each waits for leases and deadlines: under one runtime, the deployed one where it is here, that is long enough.
pytestmark = pytest.mark.parametrize(
    "managed_runtime", [DEPLOYED if find_python(DEPLOYED) else RUNNING], indirect=True, scope="session"
)
RECORDS = 240
IDS = ", ".join(map(str, range(1, RECORDS + 1)))
CONFIG = f"""\
source: tmdb
lake: s3://{{bucket}}
rate: 20
margin: 1s
settings:
  base_url: {{base_url}}
  token: env:TMDB_TOKEN
  select:
    - ids: [{IDS}]
      as: movie
"""
# The handler as it is, but for a lease of nine seconds instead of ninety: a test need not wait that long.
SHORT_LEASE = """
import ingest_core.state
from ingest_core.state import claim
for name in ("LEASE_SECONDS", "RENEW_SECONDS", "POLL_SECONDS", "SAFETY_SECONDS"):
    for module in (claim, ingest_core.state):
        if hasattr(module, name):
            setattr(module, name, getattr(claim, name) if module is ingest_core.state else getattr(claim, name) / 10)
from ingest_core.lambda_handler import handler
"""


@pytest.fixture
def slow(tmp_path: Path, layer: Path, managed_runtime: Runtime, s3_endpoint: str) -> Iterator[Deployment]:
    """A run of twelve seconds: 240 movies at 20 requests a second."""
    with deployment_of(CONFIG, tmp_path, layer, managed_runtime, s3_endpoint) as made:
        yield made


def details(deployment: Deployment) -> list[str]:
    """The details that the API was asked for."""
    return [line.path for line in deployment.simulator.log if "/movie/" in line.path]


def test_a_run_that_does_not_fit_ends_partial_and_the_next_invocation_finishes_it(slow: Deployment) -> None:
    with slow.function() as function:
        function.invoke({})  # a cold start is over before time counts
        first = function.invoke(EVENT, timeout_s=20).payload
        assert (first["status"], first["manifest"]) == ("partial", None), function.log
        assert first["counts"]["records"] < RECORDS  # none at all, where the machine is slow
        second = function.invoke(EVENT, timeout_s=120).payload
    assert (second["status"], second["date"], second["run"]) == ("done", DATE, first["run"])
    counts = second["counts"]
    assert counts["records"] + counts["missing"] == RECORDS
    # What was closed before is not asked for again: what an interruption costs is two slices at most.
    assert len(details(slow)) <= RECORDS + 200
    records = [key for key in slow.objects() if key.startswith("Raw/")]
    assert len(records) == counts["records"]


def test_an_event_that_is_delivered_twice_is_served_once(slow: Deployment) -> None:
    outcomes: list[Outcome] = []
    with slow.function() as one, slow.function() as other:
        first = threading.Thread(target=lambda: outcomes.append(one.invoke(EVENT, timeout_s=120)))
        first.start()
        _wait_for_requests(slow, 1)
        hurried = other.invoke(EVENT, timeout_s=60).payload
        patient = other.invoke(EVENT, timeout_s=300).payload
        first.join(120)
    answer = outcomes[0].payload
    # Without the time to outwait a lease it is locked at once; with it, it waits until the first has ended.
    assert (hurried["status"], hurried["error"]["kind"]) == ("locked", "LockedError")
    assert (answer["status"], patient["status"]) == ("done", "done")
    assert patient["counts"]["requests"] == 0
    assert len(details(slow)) == RECORDS


def test_a_container_that_is_killed_at_its_deadline_is_followed_by_one_that_finishes_the_run(slow: Deployment) -> None:
    with slow.probed(SHORT_LEASE) as function:
        function.invoke({})  # a cold start is over before time counts
        killed: list[Outcome] = []
        hanging = threading.Thread(target=lambda: killed.append(function.invoke(EVENT, timeout_s=20)))
        hanging.start()
        _wait_for_requests(slow, 110)
        # It stands still, as a process does that gets no memory or no processor, and so misses its own deadline.
        os.kill(function.pid, signal.SIGSTOP)
        before = function.pid
        hanging.join(60)
        after = function.invoke(EVENT, timeout_s=120).payload

        assert killed[0].error["errorType"] == "Sandbox.Timedout"
        assert killed[0].error["errorMessage"].endswith("Error: Task timed out after 20.00 seconds")
        assert function.pid != before
    assert (after["status"], after["date"]) == ("done", DATE), after
    assert after["counts"]["records"] + after["counts"]["missing"] == RECORDS
    records = [key for key in slow.objects() if key.startswith("Raw/")]
    assert len(records) == after["counts"]["records"]
    assert len(details(slow)) <= RECORDS + 200


def test_two_days_at_once_are_two_runs_that_leave_each_other_alone(slow: Deployment) -> None:
    days = ["2026-11-21", "2026-11-22"]
    answers: dict[str, Any] = {}
    with slow.function() as one, slow.function() as other:

        def run(function: DeployedFunction, day: str) -> None:
            answers[day] = function.invoke({"source": "tmdb", "date": day}, timeout_s=300).payload

        both = [threading.Thread(target=run, args=pair) for pair in zip((one, other), days, strict=True)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join(300)

    assert [(answers[day]["status"], answers[day]["date"]) for day in days] == [("done", day) for day in days]
    for day in days:
        folder = f"Raw/TMDB/JSON/{day.replace('-', '/')}/"
        records = [key for key in slow.objects() if key.startswith(folder)]
        assert len(records) == answers[day]["counts"]["records"] > 0
    assert len(details(slow)) == 2 * RECORDS


def _wait_for_requests(deployment: Deployment, count: int) -> None:
    pause: Any = threading.Event()
    for _ in range(600):
        if len(details(deployment)) >= count:
            return
        pause.wait(0.05)
    raise AssertionError(f"the first invocation did not ask {count} times")
