"""What S3 alone does: metadata, rights, refusals, and what travels in a request."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, SSOTokenLoadError

from ingest_core.errors import CredentialsError, IngestError, LakeError, TransientError
from ingest_core.lake import Lake, S3Options
from ingest_core.lake.s3 import S3Lake

KEY = "Raw/Things/JSON/2026/11/23/7.json"
OLD = {"ingest-config": "things", "ingest-sha256": "00ff"}


class RecordingClient:
    """Keeps the arguments of every call, and answers put_object with the next of `answers` (an error is raised)."""

    def __init__(self, *answers: Exception | None) -> None:
        self._answers: Iterator[Exception | None] = iter(answers)
        self.calls: list[dict[str, Any]] = []

    def put_object(self, **arguments: Any) -> None:
        self.calls.append(arguments)
        answer = next(self._answers, None)
        if answer is not None:
            raise answer

    def get_object(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        raise refusal(404, "NoSuchKey", "GetObject")

    def get_paginator(self, name: str) -> RecordingClient:
        return self

    def paginate(self, **arguments: Any) -> list[dict[str, Any]]:
        self.calls.append(arguments)
        return [{}]


def refusal(status: int, code: str, action: str = "PutObject") -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, action)


def conflict() -> ClientError:
    return refusal(409, "ConditionalRequestConflict")


def test_metadata_comes_back_and_a_losing_writer_does_not_change_it(s3_lake: Lake) -> None:
    assert s3_lake.put_if_absent(KEY, b"1", OLD)
    assert not s3_lake.put_if_absent(KEY, b"2", {"ingest-config": "other"})
    stored = s3_lake.get(KEY)
    assert stored is not None
    assert dict(stored.metadata) == OLD


def test_the_object_lies_under_the_prefix_of_the_lake(s3_client: Any, s3_server: Any) -> None:
    S3Lake(s3_client, s3_server.bucket, "/zone/raw/").put(KEY, b"1")
    found = s3_client.get_object(Bucket=s3_server.bucket, Key=f"zone/raw/{KEY}")
    assert found["ContentType"] == "application/json"
    assert found["Body"].read() == b"1"


def test_a_packed_file_says_what_it_is(s3_client: Any, s3_server: Any, fast_lake: Lake) -> None:
    ours = S3Lake(s3_client, s3_server.bucket, "packed")
    ours.put("Raw/a.json.gz", b"1")
    ours.put_if_absent("Raw/b.json.gz", b"1", {})
    fast_lake.put_if_absent("Raw/c.json.gz", b"1", {})
    keys = [found["Key"] for found in s3_client.list_objects_v2(Bucket=s3_server.bucket)["Contents"]]
    packed = [key for key in keys if key.endswith(".json.gz")]
    assert {key[-9] for key in packed} == {"a", "b", "c"}
    said = {s3_client.head_object(Bucket=s3_server.bucket, Key=key)["ContentType"] for key in packed}
    assert said == {"application/gzip"}


def test_every_page_of_a_listing_is_read(s3_server: Any) -> None:
    client = s3_server.client("writer")
    client.meta.events.register("before-parameter-build.s3.ListObjectsV2", lambda params, **_: params.update(MaxKeys=2))
    lake = S3Lake(client, s3_server.bucket, "pages")
    keys = [f"Raw/{folder}/{number}.json" for folder in "abc" for number in range(2)]
    for key in keys:
        lake.put(key, b"1")
    entries, folders = [entry.key for entry in lake.entries("Raw/")], lake.folders("Raw/")
    client.close()
    assert entries == keys
    assert folders == ["a", "b", "c"]


@pytest.mark.parametrize("user", ["wrong", "forged"])
def test_a_key_that_is_not_right_is_a_matter_of_credentials_and_no_secret_is_shown(
    lake_of: Callable[[str], Lake], s3_server: Any, user: str
) -> None:
    lake = lake_of(user)
    for use in (lambda: lake.put(KEY, b"1"), lambda: lake.get(KEY), lambda: list(lake.entries("Raw/"))):
        with pytest.raises(CredentialsError) as caught:
            use()
        assert caught.value.exit_code == 4
        assert s3_server.keys[user][1] not in repr(caught.value) + str(caught.value)


def test_without_the_right_to_put_the_error_names_it(lake_of: Callable[[str], Lake]) -> None:
    lake = lake_of("reader")
    assert lake.get(KEY) is None
    for write in (lambda: lake.put_if_absent(KEY, b"1", {}), lambda: lake.put(KEY, b"1"), lake.check_writable):
        with pytest.raises(CredentialsError, match="s3:PutObject"):
            write()
    assert list(lake.entries("Raw/")) == []


def test_a_bucket_that_is_not_there_is_named(s3_client: Any) -> None:
    lake = S3Lake(s3_client, "no-such-bucket-anywhere")
    for use in (lambda: lake.put(KEY, b"1"), lambda: lake.get(KEY), lake.check_writable, lambda: lake.folders("Raw/")):
        with pytest.raises(LakeError, match="no-such-bucket-anywhere does not exist"):
            use()


def test_a_put_does_not_wait_for_permission_to_send_its_body(s3_server: Any) -> None:
    client = s3_server.client("writer")
    sent: list[dict[str, str]] = []
    client.meta.events.register_last(
        "before-send.s3.PutObject", lambda request, **_: sent.append(dict(request.headers))
    )
    S3Lake(client, s3_server.bucket, "expect").put_if_absent("Raw/expect.json", b"1" * 2_000_000, {})
    client.close()
    assert [name.lower() for name in sent[0]].count("if-none-match") == 1
    assert "expect" not in {name.lower() for name in sent[0]}


def test_key_and_owner_of_the_bucket_reach_every_request() -> None:
    client = RecordingClient()
    lake = S3Lake(client, "bucket", "zone", S3Options(kms_key="alias/raw", bucket_owner="123456789012"))
    lake.put_if_absent(KEY, b"1", OLD)
    lake.put(KEY, b"1")
    lake.get(KEY)
    list(lake.entries("Raw/"))
    lake.folders("Raw/")
    assert [call["ExpectedBucketOwner"] for call in client.calls] == ["123456789012"] * 5
    assert [call.get("SSEKMSKeyId") for call in client.calls] == ["alias/raw", "alias/raw", None, None, None]
    assert [call.get("ServerSideEncryption") for call in client.calls[:2]] == ["aws:kms", "aws:kms"]
    assert client.calls[0]["IfNoneMatch"] == "*"
    assert "IfNoneMatch" not in client.calls[1]


def test_without_options_nothing_is_said_about_encryption_or_owner() -> None:
    client = RecordingClient()
    S3Lake(client, "bucket").put(KEY, b"1")
    assert set(client.calls[0]) == {"Bucket", "Key", "Body", "ContentType"}


def test_a_conflict_with_another_writer_is_tried_again_until_it_is_written() -> None:
    client = RecordingClient(conflict(), conflict(), None)
    assert S3Lake(client, "bucket").put_if_absent(KEY, b"1", OLD) is True
    assert [bytes(call["Body"]) for call in client.calls] == [b"1"] * 3


def test_a_conflict_that_another_writer_wins_is_a_key_that_exists() -> None:
    client = RecordingClient(conflict(), refusal(412, "PreconditionFailed"))
    assert S3Lake(client, "bucket").put_if_absent(KEY, b"1", OLD) is False


def test_a_conflict_without_end_is_an_error_that_names_the_key() -> None:
    client = RecordingClient(*[conflict() for _ in range(1000)])
    with pytest.raises(TransientError, match=r"7\.json.*409"):
        S3Lake(client, "bucket").put_if_absent(KEY, b"1", OLD)
    assert 1 < len(client.calls) < 20


def test_a_machine_that_stood_still_after_a_conflict_does_not_send_again(clock: Any) -> None:
    pause = clock.pause
    clock.pause = lambda seconds, stop: pause(120.0, stop)
    client = RecordingClient(conflict(), None)
    with pytest.raises(TransientError, match="409"):
        S3Lake(client, "bucket", clock=clock).put_if_absent(KEY, b"1", OLD)
    assert len(client.calls) == 1


def test_a_refusal_is_not_tried_again() -> None:
    client = RecordingClient(refusal(403, "AccessDenied"))
    with pytest.raises(CredentialsError, match="s3:PutObject"):
        S3Lake(client, "bucket").put_if_absent(KEY, b"1", OLD)
    assert len(client.calls) == 1


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (refusal(503, "SlowDown"), TransientError),
        (refusal(500, "InternalError"), TransientError),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1/?secret=hidden"), TransientError),
        (refusal(301, "PermanentRedirect"), LakeError),
        (refusal(403, "RequestTimeTooSkewed"), LakeError),
        (SSOTokenLoadError(error_msg="made up"), CredentialsError),
    ],
    ids=["slow down", "internal", "no connection", "redirect", "clock", "sso"],
)
def test_a_failure_is_told_by_what_to_do_next_with_the_key(failure: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind) as raised:
        S3Lake(RecordingClient(failure), "bucket").put(KEY, b"1")
    assert f"s3://bucket/{KEY}" in str(raised.value) or kind is LakeError
    assert "hidden" not in str(raised.value)


class BareTagClient(RecordingClient):
    """A server that gives ETags in quotes and compares them without, as Ceph's RGW does. It holds one object."""

    def put_object(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        if arguments.get("IfMatch", self.tag) != self.tag:
            raise refusal(412, "PreconditionFailed")
        self.body = bytes(arguments["Body"])
        return {}

    def get_object(self, **arguments: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.body), "ETag": f'"{self.tag}"', "ResponseMetadata": {}}

    body = b"0"

    @property
    def tag(self) -> str:
        return hashlib.md5(self.body).hexdigest()


def test_a_server_that_wants_its_etags_without_quotes_gets_them_so_from_the_second_swap_on() -> None:
    client = BareTagClient()
    lake = S3Lake(client, "bucket")
    for body in (b"1", b"2"):
        assert lake.swap(KEY, body, lake.get(KEY), {}) is True
    seen = lake.get(KEY)
    client.body = b"another's"
    assert lake.swap(KEY, b"3", seen, {}) is False
    assert client.body == b"another's"
    assert ['"' in call["IfMatch"] for call in client.calls] == [True, False, False, False]


def test_a_server_that_ignores_conditions_is_found_out() -> None:
    with pytest.raises(LakeError, match="ignores conditional writes"):
        S3Lake(RecordingClient(None), "bucket").check_writable()


@pytest.mark.parametrize("failure", [refusal(412, "PreconditionFailed"), refusal(404, "NoSuchKey")])
def test_a_server_that_honours_conditions_is_writable(failure: Exception) -> None:
    client = RecordingClient(failure, failure)
    S3Lake(client, "bucket").check_writable()
    assert [call["Key"] for call in client.calls if "IfMatch" in call] == ["_ingest/check", "Raw/check"]


def test_a_profile_that_is_not_configured_is_named(monkeypatch: pytest.MonkeyPatch, s3_server: Any) -> None:
    from ingest_core.lake import open_lake

    for name, value in s3_server.environment("writer").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(IngestError, match="nobody"):
        open_lake("s3://some-bucket", S3Options(profile="nobody"))


def test_an_object_has_an_age_by_the_server_s_own_clock(s3_lake: Lake) -> None:
    s3_lake.put(KEY, b"1")
    stored = s3_lake.get(KEY)
    assert stored is not None
    assert stored.age is not None
    assert 0 <= stored.age < 60
