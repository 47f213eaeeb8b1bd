"""One simulator for all tests that change nothing about it, and a way to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
import requests
from ingest_source_tmdb.simulator import Options, Simulator

Ask: TypeAlias = Callable[..., requests.Response]


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator(Options(movies=500, shows=300, people=400, list_total=130)) as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        yield opened


@pytest.fixture
def ask(simulator: Simulator, session: requests.Session) -> Ask:
    """GETs a path with the right token and the given query."""

    def get(path: str, **query: str | int) -> requests.Response:
        headers = {"Authorization": f"Bearer {simulator.options.token}"}
        return session.get(simulator.base_url + path, params=query, headers=headers, timeout=10)

    return get
