"""Queries: their parameters, and what is done about more hits than TMDB serves of one query."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ingest_source_tmdb import discover
from ingest_source_tmdb.fetch import fetch
from ingest_source_tmdb.simulator import Options, Simulator
from ingest_source_tmdb.simulator.catalog import Catalog
from ingest_source_tmdb.simulator.discovery import discover as simulated

from ingest_core import Answer, Context, Note, Ref, Request, Slice, StopError, Truncated
from ingest_core.model import Report, Status

Land = Callable[..., Report]
Landed = Callable[[], dict[str, bytes]]
RAW = "Raw/TMDB/JSON/2026/11/23"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(Options(movies=400, shows=200, people=300, list_total=90)) as running:
        yield running


def test_every_hit_of_a_query_lands(simulator: Simulator, land: Land, landed: Landed) -> None:
    simulator.clear_log()
    params = {"with_genres": "201|203", "vote_count.gte": 5000, "include_adult": False}
    report = land(simulator, [{"discover": "movie", "params": params}], language="pt-BR", region="BR")
    query = {"with_genres": "201|203", "vote_count.gte": "5000"}
    pages = json.loads(simulator.answer("/discover/movie", query)[1])["total_pages"]
    assert pages > 3
    found = {
        row["id"]
        for page in range(1, pages + 1)
        for row in json.loads(simulator.answer("/discover/movie", {**query, "page": str(page)})[1])["results"]
    }
    assert report.status is Status.DONE
    assert set(landed()) == {f"{RAW}/movie-{id}.json" for id in found}
    asked = [dict(entry.query) for entry in simulator.log if entry.path == "/3/discover/movie"]
    assert len(asked) == pages
    common = {"with_genres": "201|203", "vote_count.gte": "5000", "include_adult": "false", "language": "pt-BR"}
    assert all(query == {**common, "sort_by": "primary_release_date.asc", "page": query["page"]} for query in asked)


def test_the_first_pages_of_a_query_come_in_tmdbs_own_order(simulator: Simulator, land: Land, landed: Landed) -> None:
    simulator.clear_log()
    land(simulator, [{"discover": "tv", "pages": 2}], detail=False)
    assert [dict(entry.query).get("sort_by") for entry in simulator.log] == [None, None]
    assert len(landed()) == 40


class Queries:
    """The simulator's /discover without the way there."""

    def __init__(self, options: Options) -> None:
        self._catalog = Catalog(options)
        self.asked: list[Request] = []

    def get_many(self, requests: Iterable[Request]) -> Iterator[Answer]:
        for request in requests:
            self.asked.append(request)
            query = {name: str(value) for name, value in request.params.items() if value is not None}
            status, body = simulated(self._catalog, request.path.removeprefix("/discover/"), query)  # type: ignore[arg-type]
            now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
            yield Answer(status=status, headers={}, body=body, url=request.path, fetched_at=now)

    def hits(self, kind: str, **query: str) -> int:
        _, body = simulated(self._catalog, kind, query)  # type: ignore[arg-type]
        return int(json.loads(body)["total_results"])


def everything(queries: Queries, kind: str, **query: Any) -> list[Any]:
    """What all slices of a query yield, as the core would take them."""
    context = Context({"detail": True}, dt.date(2026, 11, 23), {}, queries, print, print)  # type: ignore[arg-type]
    first = {"what": "discover", "path": f"/discover/{kind}", "kind": kind, "query": query}
    slices = [Slice(f"0-discover-{kind}-p1", {**first, "first": 1, "last": 1, "pages": "all"})]
    found: list[Any] = []
    names: set[str] = set()
    while slices:
        slice = slices.pop()
        assert slice.name not in names
        names.add(slice.name)
        items = list(fetch(context, slice))
        slices += [item for item in items if isinstance(item, Slice)]
        found += [item for item in items if not isinstance(item, Slice)]
    return found


@pytest.fixture(scope="module")
def many() -> Queries:
    return Queries(Options(movies=26_000, shows=11_000))


@pytest.mark.parametrize("kind", ["movie", "tv"])
def test_more_than_ten_thousand_hits_are_read_whole_in_pieces(many: Queries, kind: str) -> None:
    by = discover.SPLIT_BY[kind]
    bounds = {f"{by}.gte": "1900-01-01", f"{by}.lte": "2030-12-31"}
    total = many.hits(kind, **bounds)
    assert total > 10_000
    many.asked.clear()
    found = everything(many, kind, **bounds)
    refs = [item for item in found if isinstance(item, Ref)]
    assert len({ref.id for ref in refs}) == len(refs) == total
    (note,) = [item for item in found if isinstance(item, Note)]
    assert f"{total:,} hits are more than the 10,000" in note.text
    assert f"{total:,} hits together" in note.text
    assert not [item for item in found if isinstance(item, Truncated)]
    pages = [request for request in many.asked if request.params["page"] == 1]
    assert len(many.asked) - len(pages) <= total / 20
    assert len(pages) < 40
    assert max(int(str(request.params["page"])) for request in many.asked) <= 500


def test_titles_without_a_date_are_said_to_be_out_of_reach(many: Queries) -> None:
    total = many.hits("movie")
    dated = many.hits("movie", **{"primary_release_date.gte": "1800-01-01"})
    assert total - dated > 0
    found = everything(many, "movie")
    assert len([item for item in found if isinstance(item, Ref)]) == dated
    (cut,) = [item for item in found if isinstance(item, Truncated)]
    assert f"{total - dated:,} of {total:,} hits lie in no piece" in cut.reason


def test_a_day_that_does_not_fit_is_an_error() -> None:
    crowded = Queries(Options(movies=12_000, crowd=10_050))
    with pytest.raises(
        StopError, match="one day, primary_release_date 2001-01-01, finds more than the 10,000"
    ) as error:
        everything(crowded, "movie")
    assert "with_genres" in error.value.hint
    whole_day = {"primary_release_date.gte": "2001-01-01", "primary_release_date.lte": "2001-01-01"}
    with pytest.raises(StopError, match="2001-01-01"):
        everything(crowded, "movie", **whole_day)


def test_a_day_of_just_five_hundred_pages_fits() -> None:
    crowded = Queries(Options(movies=12_000, crowd=9_990))
    found = everything(crowded, "movie", **{"primary_release_date.gte": "1900-01-01"})
    assert {ref.id for ref in found if isinstance(ref, Ref)} >= set(range(1, 9_991))


def test_what_has_no_date_is_not_asked_for_in_every_piece(many: Queries) -> None:
    many.asked.clear()
    everything(many, "tv", include_null_first_air_dates=True)
    assert [index for index, request in enumerate(many.asked) if "include_null_first_air_dates" in request.params] == [
        0
    ]


def test_parameters_are_those_of_tmdbs_own_document(fixtures: Path) -> None:
    paths = json.loads((fixtures / "tmdb" / "openapi.json").read_text())["paths"]
    for kind, names in discover.PARAMETERS.items():
        documented = {given["name"]: given["schema"] for given in paths[f"/3/discover/{kind}"]["get"]["parameters"]}
        assert set(names) == set(documented) - {"page"}
        assert set(discover.SORTS[kind]) == set(documented["sort_by"]["enum"])
        assert {name for name, type in names.items() if type == "boolean"} == {
            name for name, schema in documented.items() if schema["type"] == "boolean"
        }
        assert {name for name, type in names.items() if type == discover.DATE} == {
            name for name, schema in documented.items() if schema.get("format") == "date"
        }
