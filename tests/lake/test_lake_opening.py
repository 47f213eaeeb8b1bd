"""From a URI to a lake, or to one file."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from ingest_core.engine import Engine
from ingest_core.errors import LakeError, UsageError
from ingest_core.lake import DiskLake, Lake, S3Options, open_file, open_lake
from ingest_core.lake.s3_curl import CurlCarrier
from ingest_core.lake.s3_direct import DirectS3Lake
from ingest_core.lake.s3_pool import PoolCarrier


@pytest.fixture
def as_writer(s3_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in s3_server.environment("writer").items():
        monkeypatch.setenv(name, value)


def test_a_path_is_a_lake_in_that_folder(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"), S3Options())
    lake.put("Raw/1.json", b"1")
    assert (tmp_path / "lake/Raw/1.json").read_bytes() == b"1"


def test_a_tilde_is_the_home_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_lake("~/lake", S3Options()).uri == str(tmp_path / "lake")


def test_opening_a_folder_makes_nothing(tmp_path: Path) -> None:
    assert isinstance(open_lake(str(tmp_path / "lake"), S3Options()), DiskLake)
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.usefixtures("as_writer")
def test_an_s3_uri_is_a_lake_under_its_prefix(s3_server: Any, s3_client: Any, slash: str) -> None:
    prefix = f"opened/{uuid.uuid4().hex}"
    lake = open_lake(f"s3://{s3_server.bucket}/{prefix}{slash}", S3Options())
    lake.put("Raw/1.json", b"1")
    assert lake.uri == f"s3://{s3_server.bucket}/{prefix}"
    assert s3_client.get_object(Bucket=s3_server.bucket, Key=f"{prefix}/Raw/1.json")["Body"].read() == b"1"


@pytest.mark.parametrize(
    "uri", ["gs://bucket/x", "http://host/x", "s3://", "s3://Upper_Case", "s3:///x", "s3://b?x=1", "s3://bucket/p?x=1"]
)
def test_any_other_uri_is_refused(uri: str) -> None:
    with pytest.raises(UsageError, match="give s3://bucket/prefix"):
        open_lake(uri, S3Options())


def test_a_file_on_disk_is_a_stream(tmp_path: Path) -> None:
    (tmp_path / "ids.gz").write_bytes(b"0123456789")
    with open_file(str(tmp_path / "ids.gz"), S3Options()) as stream:
        assert stream.read(4) == b"0123"
        assert stream.read() == b"456789"


def test_a_file_that_is_not_on_disk_is_named(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=r"nothing\.gz"):
        open_file(str(tmp_path / "nothing.gz"), S3Options())


@pytest.mark.usefixtures("as_writer")
def test_an_object_in_s3_is_a_stream(s3_server: Any, s3_client: Any) -> None:
    s3_client.put_object(Bucket=s3_server.bucket, Key="exports/ids 1.gz", Body=b"0123456789")
    with open_file(f"s3://{s3_server.bucket}/exports/ids 1.gz", S3Options()) as stream:
        assert stream.read(4) == b"0123"
        assert stream.read() == b"456789"


@pytest.mark.usefixtures("as_writer")
def test_an_object_that_is_not_in_s3_is_named(s3_server: Any) -> None:
    with pytest.raises(LakeError, match=r"exports/nothing\.gz"):
        open_file(f"s3://{s3_server.bucket}/exports/nothing.gz", S3Options())


def carrier_of(lake: Lake) -> type:
    assert isinstance(lake, DirectS3Lake)
    return type(lake._exchange._found().carrier)


@pytest.mark.usefixtures("as_writer")
def test_the_fast_engine_is_picked_where_it_is_installed_and_another_where_it_is_asked_for() -> None:
    owned = S3Options(bucket_owner="123456789012")
    assert carrier_of(open_lake("s3://bucket/zone", owned)) is CurlCarrier
    assert carrier_of(open_lake("s3://bucket/zone", owned, Engine.DEFAULT)) is PoolCarrier
    lake = open_lake("s3://bucket/zone/", owned, Engine.FAST)
    assert (carrier_of(lake), lake.uri) == (CurlCarrier, "s3://bucket/zone")


@pytest.mark.usefixtures("as_writer")
def test_without_libcurl_the_other_is_picked_and_the_fast_engine_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ingest_core.engine.find_spec", lambda name: None)
    assert carrier_of(open_lake("s3://bucket", S3Options())) is PoolCarrier
    with pytest.raises(UsageError, match="not installed") as error:
        open_lake("s3://bucket", S3Options(), Engine.FAST)
    assert "ingest-core[fast]" in error.value.hint


def test_an_engine_that_is_none_names_those_that_are() -> None:
    with pytest.raises(UsageError, match="'slow' is no engine") as error:
        Engine.named("slow")
    assert error.value.hint == "one of auto, default, fast"
