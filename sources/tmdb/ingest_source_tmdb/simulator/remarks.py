"""What is written about a title or a person: other names, translations, keywords, reviews, lists, changes, ratings."""

from __future__ import annotations

from typing import Final

from ingest_source_tmdb.simulator import prose
from ingest_source_tmdb.simulator.subject import Subject, imdb_id
from ingest_source_tmdb.simulator.wire import Json
from ingest_source_tmdb.simulator.words import COUNTRIES, KEYWORDS, LANGUAGES
from ingest_source_tmdb.simulator.works import TODAY

_STAMP: Final = f"{TODAY.isoformat()}T10:20:30.000Z"
_TRANSLATED: Final = (("en", "US"), ("pt", "BR"), ("ja", "JP"))


def external_ids(subject: Subject) -> Json:
    """Ids elsewhere. Which keys there are depends on the kind; a season has no IMDb id."""
    draw = subject.draw("external")
    wikidata = f"Q{90_000_000 + draw.below(9_000_000)}"
    social = {"facebook_id": f"simulated.{subject.number}", "instagram_id": None}
    old = {"freebase_mid": f"/m/{draw.hex(16)[:6]}", "freebase_id": None}
    tvdb = {"tvdb_id": 600_000 + subject.number * 10 + subject.season, "tvrage_id": None}
    imdb, web, twitter = {"imdb_id": imdb_id(subject)}, {"wikidata_id": wikidata}, {"twitter_id": None}
    if subject.season:
        return {**old, **tvdb, **web}
    if subject.kind == "movie":
        return {**imdb, **web, **social, **twitter}
    if subject.kind == "tv":
        return {**imdb, **old, **tvdb, **web, **social, **twitter}
    return {**old, **imdb, "tvrage_id": None, **web, **social, "tiktok_id": None, **twitter, "youtube_id": None}


def keywords(subject: Subject) -> Json:
    """Under "keywords" for a movie and "results" for a show, whose objects also turn their keys round."""
    words = subject.draw("keywords").several(KEYWORDS, 3)
    if subject.kind == "movie":
        return {"keywords": [{"id": 700 + KEYWORDS.index(word), "name": word} for word in words]}
    return {"results": [{"name": word, "id": 700 + KEYWORDS.index(word)} for word in words]}


def alternative_titles(subject: Subject) -> Json:
    """Under "titles" for a movie and "results" for a show."""
    key = "title" if subject.kind == "movie" else "name"
    other = subject.catalog.row(subject.kind, subject.number, "pt")[key]
    titles = [{"iso_3166_1": "BR", "title": other, "type": ""}]
    return {"titles" if subject.kind == "movie" else "results": titles}


def translations(subject: Subject) -> Json:
    return {"translations": [_translation(subject, language, country) for language, country in _TRANSLATED]}


def _translation(subject: Subject, language: str, country: str) -> Json:
    named = next(each for each in LANGUAGES if each["iso_639_1"] == language)
    row = subject.catalog.row(subject.kind, subject.number, language)
    data: Json
    if subject.kind == "person":
        data = {"biography": "", "name": row["name"]}
    elif subject.season:
        data = {"name": "", "overview": ""}
    elif subject.kind == "movie":
        data = {"homepage": "", "overview": row["overview"], "runtime": 0, "tagline": "", "title": row["title"]}
    else:
        data = {"name": row["name"], "overview": row["overview"], "homepage": "", "tagline": ""}
    code = {"iso_3166_1": country, "iso_639_1": language}
    return {**code, "name": named["name"], "english_name": named["english_name"], "data": data}


def reviews(subject: Subject) -> Json:
    draw = subject.draw("reviews")
    author = prose.name(-2, draw.below(500))
    avatar = {"name": author, "username": f"viewer{draw.below(9999)}", "avatar_path": None, "rating": draw.below(11)}
    review = {
        "author": author,
        "author_details": avatar,
        "content": "I went for the lantern — I stayed for the tide. 👏\r\n\r\nFour naps out of five.",
        "created_at": _STAMP,
        "id": draw.hex(24),
        "updated_at": _STAMP,
        "url": f"https://reviews.simulator.invalid/{draw.hex(24)}",
    }
    return _one_page([review])


def lists(subject: Subject) -> Json:
    """Lists of users that hold the title; a movie's and a show's differ in one key."""
    draw = subject.draw("lists")
    kind = {"list_type": "movie"} if subject.kind == "movie" else {"iso_3166_1": "US"}
    found = {
        "description": "",
        "favorite_count": 0,
        "id": draw.below(90_000),
        "item_count": 1 + draw.below(400),
        "iso_639_1": "en",
        **kind,
        "name": "Seen from the ferry",
        "poster_path": None,
    }
    return _one_page([found])


def changes(subject: Subject) -> Json:
    draw = subject.draw("changes")
    item = {
        "id": draw.hex(24),
        "action": "updated",
        "time": f"{TODAY.isoformat()} 10:20:30 UTC",
        "iso_639_1": "en",
        "iso_3166_1": "US",
        "value": "Overview put right.",
    }
    return {"changes": [{"key": "overview", "items": [item]}] if draw.chance(0.5) else []}


def related(subject: Subject) -> Json:
    """similar: rows of other titles of the same kind."""
    return _related(subject, "similar", {})


def recommended(subject: Subject) -> Json:
    """recommendations: as similar, and the rows say their media_type."""
    return _related(subject, "recommendations", {"media_type": subject.kind})


def release_dates(subject: Subject) -> Json:
    draw = subject.draw("release dates")
    known = subject.row()["release_date"] or TODAY.isoformat()
    one = {"certification": "", "descriptors": [], "iso_639_1": "", "note": "", "type": 3}
    released = {**one, "release_date": f"{known}T00:00:00.000Z"}
    return {
        "results": [{"iso_3166_1": each[0], "release_dates": [released]} for each in draw.several(COUNTRIES, 3)],
    }


def content_ratings(subject: Subject) -> Json:
    chosen = subject.draw("ratings").several(COUNTRIES, 2)
    return {"results": [{"descriptors": [], "iso_3166_1": each[0], "rating": "14"} for each in chosen]}


def screened_theatrically(subject: Subject) -> Json:
    first = {"id": (subject.number * 100 + 1) * 100 + 1, "episode_number": 1, "season_number": 1}
    return {"results": [first] if subject.draw("screened").chance(0.1) else []}


def _related(subject: Subject, topic: str, extra: Json) -> Json:
    draw = subject.draw(topic)
    total = subject.catalog.count(subject.kind)
    numbers = dict.fromkeys(1 + draw.below(total) for _ in range(5))
    return _one_page([subject.catalog.row(subject.kind, number, subject.language) | extra for number in numbers])


def _one_page(results: list[Json]) -> Json:
    return {"page": 1, "results": results, "total_pages": 1, "total_results": len(results)}
