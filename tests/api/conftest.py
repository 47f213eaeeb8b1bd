"""An Api with everything around it faked but the threads."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Appended, so that tests may import their helpers of this folder.
sys.path.append(str(Path(__file__).resolve().parent))

from transports import TRANSPORTS, AnyTransport, MakeTransport
from wire import Bench, make_bench


@pytest.fixture(params=list(TRANSPORTS))
def make_transport(request: pytest.FixtureRequest) -> Iterator[MakeTransport]:
    """Makes the transport under test: `(connections, network, resolve)`; its connections end with the test."""
    made: list[AnyTransport] = []

    def make(*args: object, **options: object) -> AnyTransport:
        made.append(TRANSPORTS[request.param](*args, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    """`make_bench`, whose pools end with the test."""
    made: list[Bench] = []

    def make(*args: object, **options: object) -> Bench:
        made.append(make_bench(*args, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.stop.set()
        one.pool.shutdown(wait=True, cancel_futures=True)
