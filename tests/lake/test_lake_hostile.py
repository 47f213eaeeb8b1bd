"""A hostile S3, over the wire: real requests of the lake as it ships, answers that a script decides."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent))

from scripted_s3 import Asked, Said, Script, ScriptedS3, scripted

from ingest_core.errors import CredentialsError, LakeError, TransientError
from ingest_core.keys import RecordKeys
from ingest_core.lake import S3Options
from ingest_core.lake.s3_direct import DirectS3Lake, open_bucket
from ingest_core.model import FailureBudget, Record, Rejected, Slice, Status
from ingest_core.run import Job, run
from ingest_core.sink import Sink, Stamp

KEY = "Raw/Things/JSON/2026/11/23/7.json"
ATTEMPTS = 1 + 3  # the direct one, and boto3's total_max_attempts
Open = Callable[[Script], tuple[DirectS3Lake, ScriptedS3]]


@pytest.fixture(params=["default", "fast"])
def engine(request: pytest.FixtureRequest) -> str:
    """What talks to S3."""
    return str(request.param)


def opened(engine: str) -> DirectS3Lake:
    return open_bucket("lake", "", S3Options(), 16, is_fast=engine == "fast")


@pytest.fixture
def against(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A lake in the bucket `lake` of a scripted S3, and that server."""
    with ExitStack() as stack:

        def make(script: Script) -> tuple[DirectS3Lake, ScriptedS3]:
            server = stack.enter_context(scripted(script))
            for name in list(os.environ):
                if name.startswith("AWS_"):
                    monkeypatch.delenv(name)
            for name, value in {
                "AWS_ENDPOINT_URL_S3": server.url,
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "canary-secret",
                "AWS_REGION": "us-east-1",
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "AWS_EC2_METADATA_DISABLED": "true",
            }.items():
                monkeypatch.setenv(name, value)
            lake = opened(engine)
            stack.callback(lake.close)
            return lake, server

        yield make


def always(said: Said) -> Script:
    return lambda asked, before: said


def first(count: int, said: Said) -> Script:
    return lambda asked, before: said if asked.method == "PUT" and before < count else None


def test_a_right_that_is_missing_is_named_and_the_write_is_not_tried_again(against: Open) -> None:
    lake, server = against(always(Said(403, "AccessDenied")))
    with pytest.raises(CredentialsError, match="s3:PutObject"):
        lake.put_if_absent(KEY, b"1", {})
    assert len(server.puts()) <= 2  # the direct attempt, and boto3's, which has the words
    with pytest.raises(CredentialsError, match=r"s3:GetObject and s3:ListBucket"):
        lake.get(KEY)
    assert len(server.asked) - len(server.puts()) == 1
    with pytest.raises(CredentialsError, match="s3:ListBucket"):
        list(lake.entries("Raw/"))


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (Said(404, "NoSuchBucket"), LakeError, "the bucket lake does not exist"),
        (Said(301, "PermanentRedirect"), LakeError, "another region"),
        (Said(400, "AuthorizationHeaderMalformed"), LakeError, "another region"),
        (Said(403, "RequestTimeTooSkewed"), LakeError, "clock is wrong"),
        (Said(400, "ExpiredToken"), CredentialsError, "credentials are refused"),
        (Said(403, "InvalidAccessKeyId"), CredentialsError, "credentials are refused"),
        (Said(403, "SignatureDoesNotMatch"), CredentialsError, "credentials are refused"),
        (Said(503, "SlowDown"), TransientError, "503 SlowDown"),
        (Said(500, "InternalError"), TransientError, "500 InternalError"),
        (Said(409, "ConditionalRequestConflict"), TransientError, "409"),
        (Said(), TransientError, "cannot be reached"),
    ],
    ids=lambda value: value.code or "reset" if isinstance(value, Said) else None,
)
def test_what_stays_wrong_is_told_by_what_to_do_after_a_bounded_number_of_requests(
    against: Open, said: Said, kind: type[Exception], words: str
) -> None:
    lake, server = against(always(said))
    with pytest.raises(kind, match=words) as raised:
        lake.put_if_absent(KEY, b"1", {})
    assert 1 <= len(server.puts()) <= 10  # five attempts where others write meanwhile, by either way to put
    assert "canary" not in str(raised.value) + repr(raised.value.__cause__)


@pytest.mark.parametrize(
    "said", [Said(503, "SlowDown"), Said(500, "InternalError"), Said()], ids=["slow", "500", "reset"]
)
def test_a_storm_that_passes_is_sat_out(against: Open, said: Said) -> None:
    lake, server = against(first(ATTEMPTS - 1, said))
    assert lake.put_if_absent(KEY, b"1", {}) is True
    assert len(server.puts()) == ATTEMPTS


def test_a_conflict_that_passes_is_sat_out(against: Open) -> None:
    lake, server = against(first(3, Said(409, "ConditionalRequestConflict")))
    assert lake.put_if_absent(KEY, b"1", {}) is True
    assert len(server.puts()) == 4


@pytest.mark.parametrize("said", [Said(applied=True), Said(500, "InternalError", applied=True)], ids=["reset", "500"])
@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])  # libcurl asks anew itself where one breaks
def test_a_write_whose_answer_was_lost_is_found_as_our_own(against: Open, said: Said, kept: bool) -> None:
    lake, server = against(lambda asked, before: said if asked.method == "PUT" and before == kept else None)
    if kept:
        lake.put_if_absent(f"{KEY}.other", b"1", {})
    keys = RecordKeys("Things", dt.date(2026, 11, 23))
    sink = Sink(lake, keys, Stamp("things", "things/2026-11-23/g1", 1, 1))
    found = sink.put(sink.parcel(Record("thing", 7, b'{"id": 7}'), "7"), "all")
    assert found.outcome == "written"
    assert len(server.puts()) == 2 + kept
    stored = lake.get(KEY)
    assert stored is not None
    assert stored.body == b'{"id": 7}'


def test_credentials_that_run_out_in_the_middle_are_renewed_once_for_all_threads(
    against: Open, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, server = against(lambda asked, before: None)
    lake.close()
    # Botocore renews what has less than ten minutes left; of a quarter of an hour on it is not yet concerned.
    server.lifetimes = [300, 3600]
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url}/credentials")
    renewed = opened(engine)
    try:
        with ThreadPoolExecutor(16) as pool:
            written = list(pool.map(lambda n: renewed.put_if_absent(f"{KEY}{n}", b"1", {}), range(64)))
    finally:
        renewed.close()
    assert all(written)
    assert server.given == 2
    assert {asked.access_key for asked in server.puts()} == {"AKIDEXAMPLE2"}


def test_credentials_that_cannot_be_renewed_are_a_matter_of_credentials(
    against: Open, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    against(lambda asked, before: None)[0].close()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CredentialsError, match="no AWS credentials found"):
        opened(engine).put_if_absent(KEY, b"1", {})


def test_a_policy_that_demands_conditional_writes_is_met_by_a_whole_run(against: Open, job: Callable[..., Job]) -> None:
    """Quarantine, state, plan, intents, parts, records and manifest alike."""

    def demand(asked: Asked, before: int) -> Said | None:
        is_bare = asked.method == "PUT" and not asked.is_conditional
        return Said(403, "AccessDenied") if is_bare else None

    lake, server = against(demand)
    things = [Record("thing", 1, b"{}"), Rejected("thing", 2, "broken", b"x"), Record("thing", 3, b"{}")]
    report = run(job(lambda _: [Slice("all")], lambda *_: things, lake=lake, max_failed=FailureBudget(1)))
    assert (report.status, report.counts.records, report.counts.rejected) == (Status.DONE, 2, 1), report.error
    assert len(server.puts()) > 5
    assert all(asked.is_conditional for asked in server.puts())
