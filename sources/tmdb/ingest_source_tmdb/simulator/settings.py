"""The answers that do not depend on a title: genres and configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ingest_source_tmdb.simulator.wire import Json
from ingest_source_tmdb.simulator.words import COUNTRIES, DEPARTMENTS, LANGUAGES

_SIZES: Final = {
    "backdrop_sizes": ["w300", "w780", "w1280", "original"],
    "logo_sizes": ["w45", "w92", "original"],
    "poster_sizes": ["w92", "w185", "w500", "original"],
    "profile_sizes": ["w45", "h632", "original"],
    "still_sizes": ["w92", "w300", "original"],
}
CONFIGURATION: Final[Json] = {
    "change_keys": ["adult", "overview", "release_dates", "runtime", "title", "translations", "videos"],
    "images": {
        "base_url": "http://images.simulator.invalid/t/p/",
        "secure_base_url": "https://images.simulator.invalid/t/p/",
        **_SIZES,
    },
}
CONFIGURATION_COUNTRIES: Final[list[Any]] = [
    {"iso_3166_1": code, "english_name": english, "native_name": native} for code, english, native, *_ in COUNTRIES
]
CONFIGURATION_LANGUAGES: Final[list[Any]] = list(LANGUAGES)
CONFIGURATION_JOBS: Final[list[Any]] = [
    {"department": department, "jobs": list(jobs)} for department, jobs in DEPARTMENTS.items()
]
PRIMARY_TRANSLATIONS: Final[list[Any]] = ["en-GB", "en-US", "ja-JP", "pt-BR", "pt-PT"]
CONFIGURATION_TIMEZONES: Final[list[Any]] = [
    {"iso_3166_1": code, "zones": list(zones)} for code, _, _, _, zones in COUNTRIES
]


def genres(names: Mapping[int, str]) -> Json:
    return {"genres": [{"id": number, "name": name} for number, name in names.items()]}
