"""The one thing that a detail, and everything appended to it, is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ingest_source_tmdb.simulator.catalog import Catalog, Kind
from ingest_source_tmdb.simulator.draw import Draw
from ingest_source_tmdb.simulator.wire import Json

# Where IMDb's ids begin here, and where second ids of films do, as IMDb has for titles that were merged.
FIRST_IMDB_ID: Final = 10_000_000
FIRST_ALIAS: Final = 30_000_000


@dataclass(frozen=True)
class Subject:
    """A movie, a show, a person, or one season of a show (then ``season`` is above 0), in a language."""

    catalog: Catalog
    kind: Kind
    number: int
    language: str
    season: int = 0

    def draw(self, topic: str) -> Draw:
        """Choices about one topic of this subject, the same in every language."""
        return self.catalog.draw(self.kind, self.number, self.season, topic)

    def row(self) -> Json:
        return self.catalog.row(self.kind, self.number, self.language)


def imdb_id(subject: Subject) -> str:
    """Unique over movies and shows together, as in IMDb, where both share the tt namespace; nm for people."""
    if subject.kind == "person":
        return f"nm{FIRST_IMDB_ID + subject.number}"
    return f"tt{FIRST_IMDB_ID + subject.number * 2 + (subject.kind == 'tv')}"


def episodes_by_season(catalog: Catalog, show: int) -> tuple[int, ...]:
    """How many episodes each season of a show has, from season 1 on."""
    draw = catalog.draw("seasons", show)
    return tuple(6 + draw.below(7) for _ in range(1 + draw.below(5)))
