"""Who made what: cast and crew of titles, and the titles of a person."""

from __future__ import annotations

from typing import Final

from ingest_source_tmdb.simulator.catalog import Kind
from ingest_source_tmdb.simulator.draw import Draw
from ingest_source_tmdb.simulator.prose import name
from ingest_source_tmdb.simulator.subject import Subject
from ingest_source_tmdb.simulator.wire import Json
from ingest_source_tmdb.simulator.words import DEPARTMENTS

_CAST: Final = 12
_CREW: Final = 8
_TITLES: Final = 5


def of_title(subject: Subject) -> Json:
    """credits of a movie, a show or a season: only a movie's cast has a cast_id."""
    cast = []
    for order, (person, draw) in enumerate(_people(subject, "cast", _CAST)):
        numbered = {"cast_id": order + 1} if subject.kind == "movie" else {}
        played = {"character": _character(draw), "credit_id": draw.hex(24), "order": order}
        cast.append(person | numbered | played)
    crew = [person | {"credit_id": draw.hex(24)} | _duty(draw) for person, draw in _people(subject, "crew", _CREW)]
    return {"cast": cast, "crew": crew}


def aggregate(subject: Subject) -> Json:
    """aggregate_credits of a show or a season: the roles and jobs of each person over all episodes."""
    cast = []
    for order, (person, draw) in enumerate(_people(subject, "cast", _CAST)):
        count = 1 + draw.below(40)
        role = {"credit_id": draw.hex(24), "character": _character(draw), "episode_count": count}
        cast.append(person | {"roles": [role], "total_episode_count": count, "order": order})
    crew = []
    for person, draw in _people(subject, "crew", _CREW):
        count, duty = 1 + draw.below(40), _duty(draw)
        job = {"credit_id": draw.hex(24), "job": duty["job"], "episode_count": count}
        crew.append(person | {"jobs": [job], "department": duty["department"], "total_episode_count": count})
    return {"cast": cast, "crew": crew}


def of_episode(subject: Subject, episode: int) -> Json:
    crew = []
    for person, draw in _people(subject, f"crew {episode}", 2):
        duty = _duty(draw)
        crew.append({"job": duty["job"], "department": duty["department"], "credit_id": draw.hex(24)} | person)
    guests = [
        {"character": _character(draw), "credit_id": draw.hex(24), "order": 500 + order} | person
        for order, (person, draw) in enumerate(_people(subject, f"guests {episode}", 3))
    ]
    return {"crew": crew, "guest_stars": guests}


def movies_of(subject: Subject) -> Json:
    """movie_credits of a person."""
    return {"cast": _titles(subject, "movie", "cast"), "crew": _titles(subject, "movie", "crew")}


def shows_of(subject: Subject) -> Json:
    """tv_credits of a person."""
    return {"cast": _titles(subject, "tv", "cast"), "crew": _titles(subject, "tv", "crew")}


def combined(subject: Subject) -> Json:
    """combined_credits of a person: each row says its media_type."""
    kinds: tuple[Kind, ...] = ("movie", "tv")
    return {
        role: [row | {"media_type": kind} for kind in kinds for row in _titles(subject, kind, role)]
        for role in ("cast", "crew")
    }


def _people(subject: Subject, role: str, count: int) -> list[tuple[Json, Draw]]:
    """People of the catalog, each once, and the draw that decides what they did."""
    draw = subject.draw(role)
    total = subject.catalog.count("person")
    numbers = dict.fromkeys(1 + draw.below(total) for _ in range(count))
    return [(subject.catalog.person(number), draw) for number in numbers]


def _titles(subject: Subject, kind: Kind, role: str) -> list[Json]:
    draw = subject.draw(f"{kind} {role}")
    total = subject.catalog.count(kind)
    rows = []
    for order, number in enumerate(dict.fromkeys(1 + draw.below(total) for _ in range(_TITLES))):
        row = subject.catalog.row(kind, number, subject.language)
        part: Json = {"character": _character(draw)} if role == "cast" else _duty(draw)
        extent = {"episode_count": 1 + draw.below(9)} if kind == "tv" else {}
        place = {"order": order} if kind == "movie" and role == "cast" else {}
        rows.append(row | part | {"credit_id": draw.hex(24)} | extent | place)
    return rows


def _character(draw: Draw) -> str:
    # Names of characters come from another seed than people's, so that nobody seems to play themselves.
    return name(-1, draw.below(500))


def _duty(draw: Draw) -> Json:
    department = draw.pick(tuple(DEPARTMENTS))
    return {"department": department, "job": draw.pick(DEPARTMENTS[department])}
