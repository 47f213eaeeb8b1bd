"""append_to_response: which names each resource has, and what answers each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from ingest_source_tmdb.simulator import credits, media, remarks
from ingest_source_tmdb.simulator.series import network
from ingest_source_tmdb.simulator.subject import Subject, episodes_by_season
from ingest_source_tmdb.simulator.wire import Json

Append: TypeAlias = Callable[[Subject], Json]
MOST: Final = 20


def episode_groups(subject: Subject) -> Json:
    draw = subject.draw("groups")
    seasons = episodes_by_season(subject.catalog, subject.number)
    group = {
        "description": "",
        "episode_count": sum(seasons),
        "group_count": len(seasons),
        "id": draw.hex(24),
        "name": "In order of the tide",
        "network": network(draw),
        "type": 1 + draw.below(7),
    }
    return {"results": [group]}


_OF_TITLES: Final[dict[str, Append]] = {
    "alternative_titles": remarks.alternative_titles,
    "changes": remarks.changes,
    "credits": credits.of_title,
    "external_ids": remarks.external_ids,
    "images": media.title_images,
    "keywords": remarks.keywords,
    "lists": remarks.lists,
    "recommendations": remarks.recommended,
    "reviews": remarks.reviews,
    "similar": remarks.related,
    "translations": remarks.translations,
    "videos": media.videos,
    "watch/providers": media.watch_providers,
}
MOVIE: Final[Mapping[str, Append]] = _OF_TITLES | {"release_dates": remarks.release_dates}
TV: Final[Mapping[str, Append]] = _OF_TITLES | {
    "aggregate_credits": credits.aggregate,
    "content_ratings": remarks.content_ratings,
    "episode_groups": episode_groups,
    "screened_theatrically": remarks.screened_theatrically,
}
SEASON: Final[Mapping[str, Append]] = {
    "aggregate_credits": credits.aggregate,
    "credits": credits.of_title,
    "external_ids": remarks.external_ids,
    "images": media.season_images,
    "translations": remarks.translations,
    "videos": media.videos,
    "watch/providers": media.watch_providers,
}
PERSON: Final[Mapping[str, Append]] = {
    "changes": remarks.changes,
    "combined_credits": credits.combined,
    "external_ids": remarks.external_ids,
    "images": media.person_images,
    "movie_credits": credits.movies_of,
    "tagged_images": media.tagged_images,
    "translations": remarks.translations,
    "tv_credits": credits.shows_of,
}


def asked(query: Mapping[str, str]) -> list[str]:
    """The names asked for, unknown ones and repeats included: TMDB counts them all against its 20."""
    return [name.strip() for name in query.get("append_to_response", "").split(",") if name.strip()]


def appended(subject: Subject, allowed: Mapping[str, Append], names: list[str]) -> Json:
    """What the names add to a detail, under keys spelt as asked; a name that the resource lacks adds nothing."""
    return {name: allowed[name](subject) for name in names if name in allowed}
