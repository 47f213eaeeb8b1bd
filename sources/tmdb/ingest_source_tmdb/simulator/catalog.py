"""What exists in the simulated TMDB: which ids, in which lists, with which facts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Final, Literal, TypeAlias

from ingest_source_tmdb.simulator import works
from ingest_source_tmdb.simulator.draw import Draw
from ingest_source_tmdb.simulator.options import Options
from ingest_source_tmdb.simulator.wire import Json

Kind: TypeAlias = Literal["movie", "tv", "person"]
Standing: TypeAlias = Literal["here", "gone", "softly gone"]

ROWS_A_PAGE: Final = 20
LAST_PAGE: Final = 500
# What can be read of any one list, however much it claims.
_REACHABLE: Final = ROWS_A_PAGE * LAST_PAGE
CROWDED_DAY: Final = "2001-01-01"
_CACHED_ROWS: Final = 4_096


class Catalog:
    """The made-up data of one seed. Everything is derived on demand from (seed, kind, id); what is kept is a cache.

    Rows are shared between answers: take copies, never change one.
    """

    def __init__(self, options: Options) -> None:
        self.seed = options.seed
        self.list_total = options.list_total
        self.changes = options.changes
        self._crowd = options.crowd
        self._missing = options.missing
        self._soft_missing = options.soft_missing
        self._counts: dict[Kind, int] = {
            "movie": max(options.movies, options.list_total),
            "tv": max(options.shows, options.list_total),
            "person": max(options.people, options.list_total),
        }
        self.movie = lru_cache(_CACHED_ROWS)(self._movie)
        self.show = lru_cache(_CACHED_ROWS)(self._show)
        self.person = lru_cache(_CACHED_ROWS)(self._person)
        self.listed = lru_cache(256)(self._listed)
        self._pool = lru_cache(3)(self._make_pool)

    def count(self, kind: Kind) -> int:
        """How many exist: their ids are 1 to this."""
        return self._counts[kind]

    def standing(self, kind: Kind, number: int) -> Standing:
        """Whether a detail of this id is answered, with 404 code 34, or with 200 code 21."""
        if not 1 <= number <= self._counts[kind]:
            return "gone"
        if not self._missing and not self._soft_missing:
            return "here"
        drawn = Draw(self.seed, "standing", kind, number).below(1_000_000) / 1_000_000
        if drawn < self._missing:
            return "gone"
        return "softly gone" if drawn < self._missing + self._soft_missing else "here"

    def draw(self, *key: object) -> Draw:
        return Draw(self.seed, *key)

    def row(self, kind: Kind, number: int, language: str) -> Json:
        """A list row of a movie or a show; of a person, the facts that credits repeat."""
        if kind == "movie":
            return self.movie(number, language)
        return self.show(number, language) if kind == "tv" else self.person(number)

    def bare_row(self, kind: Kind, number: int) -> Json:
        """A list row in English that is not kept: for whoever reads all of them once."""
        return self._movie(number, "en") if kind == "movie" else self._show(number, "en")

    def _movie(self, number: int, language: str) -> Json:
        row = works.movie_row(self.seed, number, language)
        return row if number > self._crowd else row | {"release_date": CROWDED_DAY}

    def _show(self, number: int, language: str) -> Json:
        return works.show_row(self.seed, number, language)

    def _person(self, number: int) -> Json:
        return works.person_row(self.seed, number)

    def _listed(self, kind: Kind, name: str) -> Sequence[int]:
        """The ids of a list, in order, each once: at most 10,000, which is all that paging can reach."""
        reachable = min(self.list_total, _REACHABLE)
        return Random(f"{self.seed}/{kind}/{name}").sample(self._pool(kind), reachable)  # noqa: S311 - made-up data

    def _make_pool(self, kind: Kind) -> Sequence[int]:
        # Lists draw on three lists' worth of ids, so that any two of them share about a third, as TMDB's do.
        size = min(self._counts[kind], 3 * min(self.list_total, _REACHABLE))
        return Random(f"{self.seed}/{kind}").sample(range(1, self._counts[kind] + 1), size)  # noqa: S311 - made-up data
