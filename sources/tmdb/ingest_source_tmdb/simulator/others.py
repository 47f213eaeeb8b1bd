"""What else has an id: collections, companies, keywords and networks. Every number from 1 on names one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from ingest_source_tmdb.simulator.catalog import Catalog
from ingest_source_tmdb.simulator.lists import language_of
from ingest_source_tmdb.simulator.refusals import INVALID_ID, NOT_FOUND, Answer
from ingest_source_tmdb.simulator.wire import Json, encode
from ingest_source_tmdb.simulator.words import COMPANIES, KEYWORDS, NETWORKS
from ingest_source_tmdb.simulator.works import picture

MOST: Final = 5_000


def collection(catalog: Catalog, number: int, language: str) -> Json:
    draw = catalog.draw("collection", number)
    parts = [catalog.row("movie", 1 + draw.below(catalog.count("movie")), language) for _ in range(3)]
    images: Json = {"poster_path": picture(draw), "backdrop_path": picture(draw)}
    return {"id": number, "name": f"Collection {number}", "overview": "", **images, "parts": parts}


def _named(kind: str, names: tuple[str, ...], catalog: Catalog, number: int, _language: str) -> Json:
    draw = catalog.draw(kind, number)
    name: dict[str, Any] = {"id": number, "name": draw.pick(names)}
    return name if kind == "keyword" else name | {"logo_path": picture(draw, 0.2, "png"), "origin_country": "US"}


BODIES: Final[Mapping[str, Callable[[Catalog, int, str], Json]]] = {
    "collection": collection,
    "company": partial(_named, "company", COMPANIES),
    "keyword": partial(_named, "keyword", KEYWORDS),
    "network": partial(_named, "network", NETWORKS),
}


def other(kind: str, catalog: Catalog, ids: tuple[str, ...], query: Mapping[str, str]) -> Answer:
    """/collection/{id} and its like."""
    if not (ids[0].isascii() and ids[0].isdecimal() and len(ids[0]) < 10 and int(ids[0])):
        return INVALID_ID
    number = int(ids[0])
    return (200, encode(BODIES[kind](catalog, number, language_of(query)))) if number <= MOST else NOT_FOUND
