"""`--map dask://…`: a real scheduler and two workers, into an S3 that is moto's; one of them is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import boto3
import pytest
from ingest_source_tmdb.simulator import Simulator

from ingest_core.errors import UsageError
from ingest_core.workers.dask import require_shared, scheduler

FILMS = 1_000
Begin = Callable[..., "subprocess.Popen[str]"]
WaitFor = Callable[[Callable[[], bool]], None]


@pytest.fixture
def s3(moto_server: Callable[[], AbstractContextManager[str]]) -> Iterator[dict[str, str]]:
    with moto_server() as endpoint:
        keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}
        yield {**keys, "AWS_ENDPOINT_URL_S3": endpoint}


@pytest.fixture
def bucket(s3: dict[str, str]) -> Any:
    client = boto3.client(
        "s3",
        endpoint_url=s3["AWS_ENDPOINT_URL_S3"],
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    client.create_bucket(Bucket="lake")
    return client


@pytest.fixture
def cluster(
    home: Path, simulator: Simulator, s3: dict[str, str], wait_for: WaitFor
) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a scheduler, and its two workers."""
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'dask[distributed]'")
    begun: list[subprocess.Popen[bytes]] = []
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **s3,
        "INGEST_CONFIG_DIR": str(home / "conf"),
        "TMDB_TOKEN": simulator.options.token,
        "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "30s",
    }

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments]
        with (home / "dask.log").open("ab") as log:
            begun.append(subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log))
        return begun[-1]

    file = home / "scheduler.json"
    start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
    wait_for(lambda: file.exists() and bool(file.read_text().strip()))
    flags = ("--no-nanny", "--no-dashboard", "--nthreads", "1", "--scheduler-file", str(file))
    workers = [start("worker", *flags) for _ in range(2)]
    yield json.loads(file.read_text())["address"].replace("tcp://", "dask://"), workers
    for process in begun:
        process.kill()
        process.wait()


def test_two_workers_one_of_them_killed_land_each_record_once(
    cluster: tuple[str, list[subprocess.Popen[bytes]]],
    begin: Begin,
    simulator: Simulator,
    s3: dict[str, str],
    bucket: Any,
    wait_for: WaitFor,
) -> None:
    address, workers = cluster
    run = begin("--map", address, "--workers", "2", "--lake", "s3://lake", **s3)
    wait_for(lambda: len(simulator.log) > 250 or run.poll() is not None)
    assert run.poll() is None, run.communicate()
    os.kill(workers[0].pid, signal.SIGKILL)
    out, err = run.communicate(timeout=180)

    report = json.loads(out)
    assert (run.returncode, report["status"], report["counts"]["records"]) == (0, "done", FILMS), err
    pages = bucket.get_paginator("list_objects_v2").paginate(Bucket="lake")
    keys = [found["Key"] for page in pages for found in page["Contents"]]
    assert len([key for key in keys if key.startswith("Raw/")]) == FILMS
    parts = [json.loads(bucket.get_object(Bucket="lake", Key=key)["Body"].read()) for key in keys if "/parts/" in key]
    assert Counter(one["id"] for part in parts for one in part["records"]) == Counter(map(str, range(1, FILMS + 1)))
    asked = Counter(line.path for line in simulator.log if line.status == 200 and "/movie/" in line.path)
    assert sum(asked.values()) <= FILMS + 300
    assert sum(line.status == 429 for line in simulator.log) == 0
    # It was workers that did it: intents bear their names.
    by_workers = [key for key in keys if "/intents/" in key and key.rpartition("/")[2].count("-") == 2]
    assert len(by_workers) >= 8


def test_a_cluster_that_is_not_there_is_told(begin: Begin, s3: dict[str, str]) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'dask[distributed]'")
    run = begin(
        "--map", "dask://127.0.0.1:1", "--lake", "s3://lake", DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="1s", **s3
    )
    _, err = run.communicate(timeout=120)
    assert run.returncode == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in err


def test_a_folder_is_no_lake_for_a_cluster() -> None:
    with pytest.raises(UsageError, match="--map lands in S3, and lake is a folder"):
        require_shared("lake")
    require_shared("s3://lake/prefix")


@pytest.mark.parametrize("cluster", ["host:8786", "tcp://host:8786", "dask://host", "dask://a b:1", "dask://"])
def test_what_names_no_cluster_is_refused(cluster: str) -> None:
    with pytest.raises(UsageError, match="names no cluster"):
        scheduler(cluster)


def test_a_cluster_is_named_as_dask_does() -> None:
    assert scheduler("dask://10.0.0.7:8786") == "tcp://10.0.0.7:8786"
