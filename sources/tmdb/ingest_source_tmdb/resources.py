"""What TMDB has by id: where each kind lies, what may be appended to it, and in which files its ids are listed.

Paths and appends: TMDB's OpenAPI document, and https://developer.themoviedb.org/docs/append-to-response.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAX_APPENDS = 20

_TITLE = (
    *("alternative_titles", "changes", "credits", "external_ids", "images", "keywords", "lists", "recommendations"),
    *("reviews", "similar", "translations", "videos", "watch/providers"),
)


@dataclass(frozen=True)
class Resource:
    """One kind of thing, which lands as the stream of its name.

    path     of one, its id last
    export   the daily file of its ids, without date and ending; https://developer.themoviedb.org/docs/daily-id-exports
    appends  what `append_to_response` takes
    found    the array of /find that names it; "" where no IMDb id does
    speaks   whether its texts come in a language
    """

    path: str
    export: str
    appends: tuple[str, ...] = ()
    found: str = ""
    speaks: bool = True


RESOURCES: Mapping[str, Resource] = {
    "movie": Resource("/movie", "movie_ids", tuple(sorted([*_TITLE, "release_dates"])), "movie_results"),
    "tv": Resource(
        "/tv",
        "tv_series_ids",
        tuple(sorted([*_TITLE, "aggregate_credits", "content_ratings", "episode_groups", "screened_theatrically"])),
        "tv_results",
    ),
    "person": Resource(
        "/person",
        "person_ids",
        (
            *("changes", "combined_credits", "external_ids", "images", "movie_credits", "tagged_images"),
            *("translations", "tv_credits"),
        ),
        "person_results",
    ),
    "collection": Resource("/collection", "collection_ids"),
    "company": Resource("/company", "production_company_ids", speaks=False),
    "keyword": Resource("/keyword", "keyword_ids", speaks=False),
    "network": Resource("/network", "tv_network_ids", speaks=False),
}
KINDS = tuple(RESOURCES)
SEASON = "season"
SEASON_APPENDS = (
    *("aggregate_credits", "credits", "external_ids", "images", "translations", "videos", "watch/providers"),
)
# What `append` may be given for, by stream.
APPENDS: Mapping[str, tuple[str, ...]] = {
    **{kind: resource.appends for kind, resource in RESOURCES.items() if resource.appends},
    SEASON: SEASON_APPENDS,
}
FOUND = tuple(kind for kind, resource in RESOURCES.items() if resource.found)
CHANGING = ("movie", "tv", "person")
# Ids of IMDb that are to be looked up wait in a stream of their own. Nothing lands in it.
IMDB = "imdb_"


@dataclass(frozen=True)
class Document:
    """One document of reference data: a stream of its own, as no other has its structure."""

    stream: str
    id: str
    path: str
    speaks: bool = False


REFERENCE: Mapping[str, tuple[Document, ...]] = {
    "genres": (
        Document("genres", "movie", "/genre/movie/list", speaks=True),
        Document("genres", "tv", "/genre/tv/list", speaks=True),
    ),
    "configuration": (Document("configuration", "all", "/configuration"),),
    "countries": (Document("countries", "all", "/configuration/countries", speaks=True),),
    "languages": (Document("languages", "all", "/configuration/languages"),),
    "jobs": (Document("jobs", "all", "/configuration/jobs"),),
    "timezones": (Document("timezones", "all", "/configuration/timezones"),),
    "translations": (Document("translations", "all", "/configuration/primary_translations"),),
}
STREAMS = (*KINDS, SEASON, *REFERENCE)
