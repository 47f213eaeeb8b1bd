"""What titles lead to, what else has an id, and what others refer to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ingest_source_tmdb.resources import REFERENCE, STREAMS
from ingest_source_tmdb.simulator import Options, Simulator

from ingest_core.model import Report, Status

Land = Callable[..., Report]
Landed = Callable[[], dict[str, bytes]]
RAW = "Raw/TMDB/JSON/2026/11/23"


@pytest.fixture(scope="module")
def shared() -> Iterator[Simulator]:
    with Simulator(Options(movies=300, shows=200, people=60, list_total=60)) as running:
        yield running


@pytest.fixture
def simulator(shared: Simulator) -> Simulator:
    shared.clear_log()
    return shared


def test_the_seasons_of_shows_land_with_their_own_appends(simulator: Simulator, land: Land, landed: Landed) -> None:
    append = {"tv": ["external_ids"], "season": ["credits", "images"]}
    report = land(simulator, [{"ids": [3, 4], "as": "tv"}], seasons=True, append=append, language="pt-BR")
    assert report.status is Status.DONE
    asked = {"append_to_response": "credits,images", "language": "pt-BR"}
    expected = {f"{RAW}/season-{show}-{season['season_number']}.json": simulator.answer(
                    f"/tv/{show}/season/{season['season_number']}", asked)[1]
                for show in (3, 4) for season in json.loads(simulator.answer(f"/tv/{show}")[1])["seasons"]}  # fmt: skip
    found = landed()
    assert {key: body for key, body in found.items() if "/season-" in key} == expected
    assert len(found) == len(expected) + 2
    assert all(b'"_id"' in body and b'"credits"' in body for body in expected.values())


def credited(simulator: Simulator, path: str, part: str, name: str = "credits") -> list[int]:
    body = json.loads(simulator.answer(path, {"append_to_response": name})[1])
    return [person["id"] for person in body[name][part]]


def test_the_persons_of_credits_land_each_once(simulator: Simulator, land: Land, landed: Landed) -> None:
    report = land(
        simulator,
        [{"ids": [1, 2, 3], "as": "movie"}, {"ids": [1], "as": "tv"}],
        append={"movie": ["credits"], "tv": ["aggregate_credits"], "person": ["images"]},
        persons={"cast": 3, "crew": "all"},
    )
    wanted = {id for n in (1, 2, 3) for id in credited(simulator, f"/movie/{n}", "cast")[:3]}
    wanted |= {id for n in (1, 2, 3) for id in credited(simulator, f"/movie/{n}", "crew")}
    wanted |= set(credited(simulator, "/tv/1", "cast", "aggregate_credits")[:3])
    wanted |= set(credited(simulator, "/tv/1", "crew", "aggregate_credits"))
    found = {key for key in landed() if "/person-" in key}
    assert found == {f"{RAW}/person-{id}.json" for id in wanted}
    asked = Counter(entry.path for entry in simulator.log)
    assert max(asked.values()) == 1
    assert report.counts.duplicates > 0
    assert b'"profiles"' in landed()[min(found)]


def test_persons_that_landed_lately_are_not_asked_for_again(simulator: Simulator, land: Land) -> None:
    more = {"append": ["credits"], "persons": {"cast": "all"}}
    first = land(simulator, [{"ids": [1], "as": "movie"}], date="2026-11-22", **more)
    again = land(simulator, [{"ids": [1, 2], "as": "movie"}], skip_landed="1d", **more)
    cast = [set(credited(simulator, f"/movie/{n}", "cast")) for n in (1, 2)]
    assert first.counts.records == 1 + len(cast[0])
    assert again.counts.records == 1 + len(cast[1] - cast[0])


def test_collections_companies_keywords_and_networks_land_by_id(
    simulator: Simulator, land: Land, landed: Landed
) -> None:
    kinds = ("collection", "company", "keyword", "network")
    land(simulator, [{"ids": [7], "as": kind} for kind in kinds], language="pt-BR", append=["credits"])
    assert set(landed()) == {f"{RAW}/{kind}-7.json" for kind in kinds}
    assert {entry.path: dict(entry.query) for entry in simulator.log} == {
        "/3/collection/7": {"language": "pt-BR"},
        **{f"/3/{kind}/7": {} for kind in kinds[1:]},
    }


def test_reference_data_lands_as_streams_of_its_own(simulator: Simulator, land: Land, landed: Landed) -> None:
    report = land(simulator, [{"reference": list(REFERENCE)}], language="pt-BR", detail=False)
    documents = [document for several in REFERENCE.values() for document in several]
    expected = {f"{RAW}/{one.stream}-{one.id}.json": simulator.answer(one.path, {"language": "pt-BR"})[1]
                for one in documents}  # fmt: skip
    assert landed() == expected
    assert report.counts.requests == len(documents) == 8


def test_no_two_streams_share_a_file_or_an_id(simulator: Simulator, land: Land, landed: Landed) -> None:
    report = land(
        simulator,
        [{"ids": [1], "as": kind} for kind in ("movie", "tv", "person", "collection", "company", "keyword", "network")]
        + [{"reference": list(REFERENCE)}],
        append=["credits"],
        seasons=True,
        persons={"cast": 2},
        top={"layout": "batch"},
    )
    assert report.status is Status.DONE
    names = [key.removeprefix(f"{RAW}/") for key in landed()]
    assert {name.partition("-")[0] for name in names} == set(STREAMS)


def test_every_request_is_one_of_tmdbs_own_document(simulator: Simulator, land: Land, fixtures: Path) -> None:
    """By path and by the names of its parameters: what TMDB does not know, it ignores in silence."""
    land(
        simulator,
        [
            {"list": "movie/now_playing", "pages": 2},
            {"list": "tv/airing_today", "pages": 1},
            {"trending": "all/day", "pages": 1},
            {"discover": "movie", "params": {"with_genres": 201, "vote_count.gte": 20_000}},
            {"discover": "tv", "params": {"first_air_date.gte": "2020-01-01"}, "pages": 1},
            {"changes": "movie"},
            {"changes": "tv"},
            {"changes": "person"},
            {"ids": ["tt10000002", "nm10000003"], "as": "movie"},
            *({"ids": [2], "as": kind} for kind in ("tv", "person", "collection", "company", "keyword", "network")),
            {"reference": list(REFERENCE)},
        ],
        append={"movie": ["credits"], "tv": ["credits"], "person": ["images"], "season": ["credits"]},
        seasons=True,
        persons={"cast": 1},
        language="pt-BR",
        region="BR",
    )
    paths = json.loads((fixtures / "tmdb" / "openapi.json").read_text())["paths"]
    known = {path: {given["name"] for given in methods["get"].get("parameters", [])}
             for path, methods in paths.items() if "get" in methods}  # fmt: skip
    asked = {(_template(entry.path, known), name) for entry in simulator.log for name, _ in (*entry.query, ("", ""))}
    unknown = {(path, name) for path, name in asked if path not in known or (name and name not in known[path])}
    # TMDB's document leaves out what its lists of trends are paged by; its own site pages them so.
    assert unknown == {("/3/trending/all/{time_window}", "page")}


def _template(path: str, known: dict[str, set[str]]) -> str:
    """The path of TMDB's document that an asked path is one of."""
    words = path.split("/")
    if path in known:
        return path
    for template in known:
        parts = template.split("/")
        pairs = list(zip(parts, words, strict=False))
        if len(parts) == len(words) and all(part == word or part.startswith("{") for part, word in pairs):
            return template
    return path
