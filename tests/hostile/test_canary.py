"""A key of the API and a key of AWS, looked for in all that the commands print, log and land."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import boto3
import pytest
from ingest_source_tmdb.simulator import Options, Simulator

from .canary import hits

TOKEN = 'canary-7f3a"\\/+~9b1c&=d24e'
AWS_SECRET = "canary-aws/5e8d+2c=f0b7a"
# The command, with every logger of every library at DEBUG and a handler that was there before it.
LOUD = "import logging; logging.basicConfig(level=logging.DEBUG); from ingest_core.cli import main; main()"
COMMANDS = (
    ("check", "tmdb", "--json"),
    ("plan", "tmdb", "--json"),
    ("preview", "tmdb", "-n", "2"),
    ("run", "tmdb", "--json"),
    ("run", "tmdb", "--refresh", "--json", "--engine", "default"),
    ("run", "tmdb", "--json", "--set", "select.0.ids=[7]", "--date", "2026-11-01"),
    ("replay", "tmdb", "--json"),
    ("runs", "--json"),
    ("verify", "tmdb", "--json"),
    ("state", "show", "tmdb", "--json"),
    ("record", "tmdb", "--to", "out/recorded"),
    ("invoke", "event.json"),
    ("lake", "--json"),
    ("show", "tmdb", "1", "--json"),
    ("sql", "select * from tmdb_movie", "--json"),
)


@pytest.fixture
def s3(moto_server: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    with moto_server() as endpoint:
        yield endpoint


def test_no_key_is_in_anything_that_the_commands_print_log_or_land(tmp_path: Path, s3: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    anyone = {"aws_access_key_id": "AKIDCANARY", "aws_secret_access_key": AWS_SECRET, "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=s3, **anyone)
    client.create_bucket(Bucket="canary-lake")
    with Simulator(Options(movies=50, token=TOKEN, faults=0.2)) as simulator:
        (tmp_path / "config").mkdir()
        (tmp_path / "config/tmdb.yaml").write_text(
            "source: tmdb\nlake: s3://canary-lake\nrate: 1000\nmax_failed: 100%\nsettings:\n"
            f"  base_url: {simulator.base_url}\n  token: env:TMDB_TOKEN\n"
            "  select:\n    - ids: [1, 2, 3, 4, 999999]\n      as: movie\n"
        )
        (tmp_path / "event.json").write_text(json.dumps({"source": "tmdb", "date": "2026-11-02"}))
        codes = {}
        for number, (command, token) in enumerate([*((one, TOKEN) for one in COMMANDS), (COMMANDS[3], f"x{TOKEN}")]):
            ended = subprocess.run(
                [sys.executable, "-c", LOUD, *command, *(["--date", "2026-11-03"] if token != TOKEN else [])],
                env={
                    **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    "TMDB_TOKEN": token,
                    "INGEST_LOG": "debug",
                    "AWS_ENDPOINT_URL_S3": s3,
                    "AWS_ACCESS_KEY_ID": "AKIDCANARY",
                    "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
                    "AWS_REGION": "us-east-1",
                    "LANG": "C.UTF-8",
                },
                cwd=tmp_path,
                capture_output=True,
                timeout=120,
                check=False,
            )
            (out / f"{number}-{command[0]}.out").write_bytes(ended.stdout)
            (out / f"{number}-{command[0]}.err").write_bytes(ended.stderr)
            codes[number, command[0]] = ended.returncode
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="canary-lake"):
        for entry in page.get("Contents", []):
            there = client.get_object(Bucket="canary-lake", Key=entry["Key"])
            copy = out / "s3" / entry["Key"]
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(there["Body"].read() + json.dumps(there["Metadata"]).encode())
    client.close()
    assert codes.pop((len(COMMANDS), "run")) == 4, (out / f"{len(COMMANDS)}-run.err").read_text()
    assert set(codes.values()) == {0}, codes
    for secret in (TOKEN, AWS_SECRET):
        size, found = hits(out, secret)
        assert found == []
        assert size > 100_000  # debug logs, records, control files, recordings
