"""The details of a show and of one of its seasons. Key order is that of TMDB's recorded answers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from ingest_source_tmdb.simulator import credits
from ingest_source_tmdb.simulator.details import companies, countries, spoken, tagline
from ingest_source_tmdb.simulator.draw import Draw
from ingest_source_tmdb.simulator.subject import Subject, episodes_by_season
from ingest_source_tmdb.simulator.wire import Json, decimal
from ingest_source_tmdb.simulator.words import ENGLISH, NETWORKS, SPEECH, TV_GENRES
from ingest_source_tmdb.simulator.works import picture

# A show whose first date is unknown still has dated episodes, from here.
_UNDATED: Final = date(2001, 9, 3)


def show(subject: Subject) -> Json:
    """A show as /tv/{id} gives it."""
    row, draw = subject.row(), subject.draw("detail")
    episodes = episodes_by_season(subject.catalog, subject.number)
    last = _episode(subject, len(episodes), episodes[-1])
    running = draw.chance(0.3)
    return {
        "adult": row["adult"],
        "backdrop_path": row["backdrop_path"],
        "created_by": [_creator(subject, draw)],
        "episode_run_time": [20 + draw.below(40)] if draw.chance(0.5) else [],
        "first_air_date": row["first_air_date"],
        "genres": [{"id": genre, "name": TV_GENRES[genre]} for genre in row["genre_ids"]],
        "homepage": f"https://shows.simulator.invalid/{subject.number}" if draw.chance(0.5) else "",
        "id": subject.number,
        "in_production": running,
        "languages": [row["original_language"]],
        "last_air_date": last["air_date"],
        "last_episode_to_air": last,
        "name": row["name"],
        "next_episode_to_air": None,
        "networks": [network(draw)],
        "number_of_episodes": sum(episodes),
        "number_of_seasons": len(episodes),
        "origin_country": row["origin_country"],
        "original_language": row["original_language"],
        "original_name": row["original_name"],
        "overview": row["overview"],
        "popularity": row["popularity"],
        "poster_path": row["poster_path"],
        "production_companies": companies(draw),
        "production_countries": countries(row["origin_country"][0]),
        "seasons": [_season_row(subject, season, count) for season, count in enumerate(episodes, 1)],
        "spoken_languages": spoken(draw),
        "status": "Returning Series" if running else "Ended",
        "tagline": tagline(subject, row["original_language"]),
        "type": "Scripted",
        "vote_average": row["vote_average"],
        "vote_count": row["vote_count"],
    }


def season(subject: Subject) -> Json:
    """One season as /tv/{id}/season/{n} gives it, with every episode's crew and guests, and TMDB's top-level _id."""
    draw = subject.draw("season")
    count = episodes_by_season(subject.catalog, subject.number)[subject.season - 1]
    row = _season_row(subject, subject.season, count)
    return {
        "_id": draw.hex(24),
        "air_date": row["air_date"],
        "episodes": [
            _episode(subject, subject.season, episode) | credits.of_episode(subject, episode)
            for episode in range(1, count + 1)
        ],
        "name": row["name"],
        "networks": [network(subject.catalog.draw("tv", subject.number, "network"))],
        "overview": row["overview"],
        "id": row["id"],
        "poster_path": row["poster_path"],
        "season_number": subject.season,
        "vote_average": row["vote_average"],
    }


def network(draw: Draw) -> Json:
    name = draw.pick(NETWORKS)
    return {
        "id": 401 + NETWORKS.index(name),
        "logo_path": picture(draw, 0.1, "png"),
        "name": name,
        "origin_country": "US",
    }


def _creator(subject: Subject, draw: Draw) -> Json:
    person = subject.catalog.person(1 + draw.below(subject.catalog.count("person")))
    credit = {"id": person["id"], "credit_id": draw.hex(24)}
    return credit | {key: person[key] for key in ("name", "original_name", "gender", "profile_path")}


def _season_row(subject: Subject, season: int, count: int) -> Json:
    draw = subject.catalog.draw("tv", subject.number, "season row", season)
    return {
        "air_date": _aired(subject, season, 1),
        "episode_count": count,
        "id": subject.number * 100 + season,
        "name": f"Temporada {season}" if subject.language == "pt" else f"Season {season}",
        "overview": _overview(subject, draw),
        "poster_path": picture(draw),
        "season_number": season,
        "vote_average": decimal(draw.below(100), 1),
    }


def _episode(subject: Subject, season: int, episode: int) -> Json:
    draw = subject.catalog.draw("tv", subject.number, "episode", season, episode)
    return {
        "id": (subject.number * 100 + season) * 100 + episode,
        "name": f"{draw.pick(ENGLISH.nouns)}, {draw.pick(ENGLISH.places)}",
        "overview": _overview(subject, draw),
        "vote_average": decimal(draw.below(1000), 2),
        "vote_count": draw.below(900),
        "air_date": _aired(subject, season, episode),
        "episode_number": episode,
        "episode_type": "standard",
        "production_code": "",
        "runtime": 20 + draw.below(40) if draw.chance(0.9) else None,
        "season_number": season,
        "show_id": subject.number,
        "still_path": picture(draw, 0.2),
    }


def _aired(subject: Subject, season: int, episode: int) -> str:
    """Weekly episodes, one season a year, counted from the show's first date."""
    known: Any = subject.row()["first_air_date"]
    first = date.fromisoformat(known) if known else _UNDATED
    return (first + timedelta(days=364 * (season - 1) + 7 * (episode - 1))).isoformat()


def _overview(subject: Subject, draw: Draw) -> str:
    speech = SPEECH.get(subject.language)
    # The draws happen in every language, so that what is drawn after them does not depend on it.
    which, noun, place = draw.below(len(ENGLISH.sentences)), draw.below(9), draw.below(9)
    if speech is None:
        return ""
    return speech.sentences[which].format(noun=speech.nouns[noun], place=speech.places[place])
