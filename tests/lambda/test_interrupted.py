"""A run that does not fit into one invocation, and an event that is delivered twice, under the bootstrap of AWS."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ingest_source_tmdb.simulator import Simulator

pytest.importorskip("awslambdaric", reason="awslambdaric, AWS's bootstrap, is not installed")

from runtime_api import Outcome
from test_smoke import DATE, EVENT, Deployment, s3

RECORDS = 240
CONFIG = """\
source: tmdb
lake: s3://{bucket}
rate: 30
margin: 1s
settings:
  base_url: {base_url}
  token: env:TMDB_TOKEN
  select:
    - ids: [{ids}]
      as: movie
"""


@pytest.fixture
def slow(tmp_path: Path, layer: Path, managed_runtime: Path, s3_endpoint: str) -> Iterator[Deployment]:
    """A run of eight seconds: 240 movies at 30 requests a second."""
    bucket = f"slow-{tmp_path.name.replace('_', '-').lower()}"[:63].rstrip("-")
    s3(s3_endpoint).create_bucket(Bucket=bucket)
    with Simulator() as simulator:
        made = Deployment(tmp_path, layer, managed_runtime, s3_endpoint, simulator, bucket)
        config = made.task / "config" / "tmdb.yaml"
        config.parent.mkdir(parents=True)
        ids = ", ".join(map(str, range(1, RECORDS + 1)))
        config.write_text(CONFIG.format(bucket=bucket, base_url=simulator.base_url, ids=ids))
        yield made


def details(deployment: Deployment) -> list[str]:
    """The details that the API was asked for."""
    return [line.path for line in deployment.simulator.log if "/movie/" in line.path]


def test_a_run_that_does_not_fit_ends_partial_and_the_next_invocation_finishes_it(slow: Deployment) -> None:
    with slow.function() as function:
        first = function.invoke(EVENT, timeout_s=16).payload
        assert (first["status"], first["manifest"]) == ("partial", None), function.log
        assert 0 < first["counts"]["records"] < RECORDS
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
        _wait_for_the_first_request(slow)
        hurried = other.invoke(EVENT, timeout_s=60).payload
        patient = other.invoke(EVENT, timeout_s=300).payload
        first.join(120)
    answer = outcomes[0].payload
    # Without the time to outwait a lease it is locked at once; with it, it waits until the first has ended.
    assert (hurried["status"], hurried["error"]["kind"]) == ("locked", "LockedError")
    assert (answer["status"], patient["status"]) == ("done", "done")
    assert patient["counts"]["requests"] == 0
    assert len(details(slow)) == RECORDS


def _wait_for_the_first_request(deployment: Deployment) -> None:
    pause: Any = threading.Event()
    for _ in range(600):
        if details(deployment):
            return
        pause.wait(0.05)
    raise AssertionError("the first invocation asked nothing")
