"""The list rows of movies and shows, and of people: the facts that every other answer repeats.

Key order is that of TMDB's recorded answers.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from ingest_source_tmdb.simulator import prose
from ingest_source_tmdb.simulator.draw import Draw
from ingest_source_tmdb.simulator.wire import Json, decimal
from ingest_source_tmdb.simulator.words import DEPARTMENTS, MOVIE_GENRES, TV_GENRES

# The simulator's own today: answers must not change overnight.
TODAY: Final = date(2026, 1, 15)
_ORIGINALS: Final = ("en",) * 6 + ("pt",) * 2 + ("ja",) * 2
_TRADES: Final = ("Acting", "Acting", *DEPARTMENTS)
_COUNTRY_OF: Final = {"en": "US", "pt": "BR", "ja": "JP"}
_MOVIE_GENRES: Final = tuple(MOVIE_GENRES)
_TV_GENRES: Final = tuple(TV_GENRES)


def picture(draw: Draw, gaps: float = 0.1, suffix: str = "jpg") -> str | None:
    """An image path, or None for this share of draws."""
    return None if draw.chance(gaps) else f"/{draw.hex(27)}.{suffix}"


def day(draw: Draw) -> str:
    """A date of the last 70 years or the next two, or "" once in 25: TMDB writes an unknown date so."""
    if draw.chance(0.04):
        return ""
    return date.fromordinal(TODAY.toordinal() + 730 - draw.below(365 * 72)).isoformat()


def movie_row(seed: int, number: int, language: str) -> Json:
    draw = Draw(seed, "movie", number)
    original = draw.pick(_ORIGINALS)
    first, title, overview = _texts(seed, "movie", number, language, original)
    return {
        "adult": False,
        "backdrop_path": picture(draw, 0.2),
        "genre_ids": draw.several(_MOVIE_GENRES, draw.below(4)),
        "id": number,
        "original_language": original,
        "original_title": first,
        "overview": overview,
        "popularity": decimal(draw.below(900_000), 3),
        "poster_path": picture(draw),
        "release_date": day(draw),
        "title": title,
        "video": False,
        "vote_average": decimal(draw.below(1000), 2),
        "vote_count": draw.below(30_000),
    }


def show_row(seed: int, number: int, language: str) -> Json:
    draw = Draw(seed, "tv", number)
    original = draw.pick(_ORIGINALS)
    first, title, overview = _texts(seed, "tv", number, language, original)
    return {
        "adult": False,
        "backdrop_path": picture(draw, 0.2),
        "genre_ids": draw.several(_TV_GENRES, draw.below(4)),
        "id": number,
        "origin_country": [_COUNTRY_OF[original]],
        "original_language": original,
        "original_name": first,
        "overview": overview,
        "popularity": decimal(draw.below(900_000), 3),
        "poster_path": picture(draw),
        "first_air_date": day(draw),
        "name": title,
        "vote_average": decimal(draw.below(1000), 2),
        "vote_count": draw.below(30_000),
    }


def person_row(seed: int, number: int) -> Json:
    draw = Draw(seed, "person", number)
    name = prose.name(seed, number)
    return {
        "adult": False,
        "gender": draw.below(4),
        "id": number,
        "known_for_department": draw.pick(_TRADES),
        "name": name,
        "original_name": name,
        "popularity": decimal(draw.below(300_000), 3),
        "profile_path": picture(draw, 0.3),
    }


def _texts(seed: int, kind: str, number: int, language: str, original: str) -> tuple[str, str, str]:
    """The original title, and the title and overview in a language. Without a translation there is no fallback to
    English: as in TMDB, the title is the original one and the overview "".
    """
    first = prose.title(seed, kind, number, original)
    if not prose.translated(seed, kind, number, language, original):
        return first, first, ""
    title = first if language == original else prose.title(seed, kind, number, language)
    return first, title, prose.overview(seed, kind, number, language)
