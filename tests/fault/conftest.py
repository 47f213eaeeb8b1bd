"""Sites for real runs: a lake in a folder or in S3, the made-up API, and a warm process to fork runs from."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Appended, not put first: nothing here may hide a package of that name.
sys.path.append(str(Path(__file__).resolve().parent))

from crash.catalog import Catalog
from crash.lane import day
from crash.launch import Lease
from crash.proxy import Proxy, proxy
from crash.servers import S3, Api, api, s3
from crash.shelf import Bucket, Folder
from crash.site import Site, Task
from crash.starts import Start, Warm

LEASE = Lease(0.6)


@pytest.fixture(scope="session")
def made_up() -> Iterator[Api]:
    with api() as running:
        yield running


@pytest.fixture(scope="session")
def s3_for_runs() -> Iterator[S3]:
    with s3() as running:
        yield running


@pytest.fixture(scope="session")
def warm() -> Start:
    return Warm()


@pytest.fixture
def disk_site(tmp_path: Path, made_up: Api, warm: Start) -> Site:
    return Site(tmp_path / "site", Folder(tmp_path / "lake"), made_up, warm)


@pytest.fixture
def s3_site(tmp_path: Path, made_up: Api, warm: Start, s3_for_runs: S3) -> Iterator[Site]:
    bucket: Bucket = s3_for_runs.shelf()
    yield Site(tmp_path / "site", bucket, made_up, warm, LEASE)
    bucket.close()


@pytest.fixture
def fast_site(tmp_path: Path, made_up: Api, warm: Start, s3_for_runs: S3) -> Iterator[Site]:
    """On S3, the fast engine."""
    bucket: Bucket = s3_for_runs.shelf()
    yield Site(tmp_path / "site", bucket, made_up, warm, LEASE, engine="fast")
    bucket.close()


@pytest.fixture
def between(s3_for_runs: S3) -> Iterator[Proxy]:
    with proxy(s3_for_runs.endpoint) as made:
        yield made


@pytest.fixture
def far_site(tmp_path: Path, made_up: Api, warm: Start, s3_for_runs: S3, between: Proxy) -> Iterator[Site]:
    """On S3, with `between` between its runs and the server."""
    bucket = s3_for_runs.shelf(through=between.endpoint)
    yield Site(tmp_path / "site", bucket, made_up, warm, LEASE)
    bucket.close()


@pytest.fixture(params=["disk", "s3", "fast"])
def site(request: pytest.FixtureRequest) -> Site:
    """Each in turn."""
    found: Site = request.getfixturevalue(f"{request.param}_site")
    return found


@pytest.fixture
def first_day(request: pytest.FixtureRequest) -> int:
    """Days that no other test has: the API counts what it is asked by the date."""
    return 10_000 + request.session.items.index(request.node) * 50


@pytest.fixture
def task(first_day: int) -> Callable[..., Task]:
    """A date with so many things and rows."""

    def make(things: int, rows: int, batch: int = 0) -> Task:
        return Task(Catalog(things, rows, 1, day(first_day).isoformat()), batch)

    return make
