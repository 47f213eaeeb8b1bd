"""The details of a movie and of a person; a show's are in `series`. Key order is that of TMDB's recorded answers."""

from __future__ import annotations

from typing import Final

from ingest_source_tmdb.simulator import prose
from ingest_source_tmdb.simulator.draw import Draw
from ingest_source_tmdb.simulator.subject import Subject, imdb_id
from ingest_source_tmdb.simulator.wire import Json
from ingest_source_tmdb.simulator.words import COMPANIES, COUNTRIES, ENGLISH, LANGUAGES, MOVIE_GENRES
from ingest_source_tmdb.simulator.works import day, picture

_COUNTRY_NAMES: Final = {code: english for code, english, *_ in COUNTRIES}
_COUNTRY_OF: Final = {"en": "US", "pt": "BR", "ja": "JP"}


def movie(subject: Subject) -> Json:
    """A movie as /movie/{id} gives it: about 1.7 to 2 KB of JSON."""
    row, draw = subject.row(), subject.draw("detail")
    original = row["original_language"]
    country = _COUNTRY_OF[original]
    return {
        "adult": row["adult"],
        "backdrop_path": row["backdrop_path"],
        "belongs_to_collection": _collection(draw) if draw.chance(0.4) else None,
        "budget": draw.below(200) * 1_000_000,
        "genres": [{"id": genre, "name": MOVIE_GENRES[genre]} for genre in row["genre_ids"]],
        "homepage": f"https://films.simulator.invalid/{subject.number}" if draw.chance(0.5) else "",
        "id": subject.number,
        "imdb_id": imdb_id(subject),
        "origin_country": [country],
        "original_language": original,
        "original_title": row["original_title"],
        "overview": row["overview"],
        "popularity": row["popularity"],
        "poster_path": row["poster_path"],
        "production_companies": companies(draw),
        "production_countries": countries(country),
        "release_date": row["release_date"],
        "revenue": draw.below(900_000_000),
        "runtime": 60 + draw.below(120),
        "spoken_languages": spoken(draw),
        "status": "Released" if row["release_date"] else "Planned",
        "tagline": tagline(subject, original),
        "title": row["title"],
        "video": row["video"],
        "vote_average": row["vote_average"],
        "vote_count": row["vote_count"],
    }


def person(subject: Subject) -> Json:
    """A person as /person/{id} gives them."""
    row, draw = subject.row(), subject.draw("detail")
    place = draw.pick(ENGLISH.places)
    return {
        "adult": row["adult"],
        "also_known_as": [prose.name(subject.catalog.seed + 1, subject.number)] if draw.chance(0.5) else [],
        "biography": f"{row['name']} was born in {place} and has worked there since — mostly at night."
        if subject.language == "en"
        else "",
        "birthday": day(draw) or None,
        "deathday": None,
        "gender": row["gender"],
        "homepage": None,
        "id": subject.number,
        "imdb_id": imdb_id(subject),
        "known_for_department": row["known_for_department"],
        "name": row["name"],
        "place_of_birth": f"{place}, {draw.pick(list(_COUNTRY_NAMES.values()))}",
        "popularity": row["popularity"],
        "profile_path": row["profile_path"],
    }


def companies(draw: Draw) -> list[Json]:
    """Three or four production companies; which id a name has is fixed by its place in the vocabulary."""
    return [
        {
            "id": 301 + COMPANIES.index(name),
            "logo_path": picture(draw, 0.3, "png"),
            "name": name,
            "origin_country": draw.pick(COUNTRIES)[0],
        }
        for name in draw.several(COMPANIES, 3 + draw.below(2))
    ]


def countries(code: str) -> list[Json]:
    return [{"iso_3166_1": code, "name": _COUNTRY_NAMES[code]}]


def spoken(draw: Draw) -> list[Json]:
    return [
        {"english_name": each["english_name"], "iso_639_1": each["iso_639_1"], "name": each["name"]}
        for each in draw.several(LANGUAGES, 1 + draw.below(2))
    ]


def _collection(draw: Draw) -> Json:
    number = 1 + draw.below(500)
    name = f"The {ENGLISH.places[number % len(ENGLISH.places)]} Collection {number}"
    return {"id": number, "name": name, "poster_path": picture(draw), "backdrop_path": picture(draw)}


def tagline(subject: Subject, original: str) -> str:
    """The tagline in the subject's language, "" where it has no translation."""
    key = (subject.catalog.seed, subject.kind, subject.number, subject.language)
    return prose.tagline(*key) if prose.translated(*key, original) else ""
