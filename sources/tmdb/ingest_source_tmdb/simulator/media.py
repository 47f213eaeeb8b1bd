"""Images, videos and where to watch."""

from __future__ import annotations

from typing import Final

from ingest_source_tmdb.simulator.draw import Draw
from ingest_source_tmdb.simulator.subject import Subject
from ingest_source_tmdb.simulator.wire import Json, decimal
from ingest_source_tmdb.simulator.words import COUNTRIES, NETWORKS

_SHAPES: Final = {
    "backdrops": (1778, 1080, 1920),
    "logos": (2500, 400, 1000),
    "posters": (667, 1500, 1000),
    "profiles": (667, 900, 600),
}
_SPOKEN: Final = (None, "en", "pt", "ja")


def title_images(subject: Subject) -> Json:
    return {shape: _images(subject.draw(shape), shape, 4) for shape in ("backdrops", "logos", "posters")}


def season_images(subject: Subject) -> Json:
    return {"posters": _images(subject.draw("posters"), "posters", 3)}


def person_images(subject: Subject) -> Json:
    return {"profiles": _images(subject.draw("profiles"), "profiles", 3)}


def tagged_images(subject: Subject) -> Json:
    """One page with one image, tagged in a movie."""
    draw = subject.draw("tagged")
    movie = subject.catalog.movie(1 + draw.below(subject.catalog.count("movie")), subject.language)
    image = _images(draw, "backdrops", 1)[0]
    tagged = image | {
        "id": draw.hex(24),
        "image_type": "backdrop",
        "media": movie | {"media_type": "movie"},
        "media_type": "movie",
    }
    return {"page": 1, "results": [tagged], "total_pages": 1, "total_results": 1}


def videos(subject: Subject) -> Json:
    draw = subject.draw("videos")
    return {
        "results": [
            {
                "iso_639_1": "en",
                "iso_3166_1": "US",
                "name": f"Trailer {number}",
                "key": draw.hex(16)[:11],
                "site": "YouTube",
                "size": 1080,
                "type": "Trailer",
                "official": draw.chance(0.5),
                "published_at": f"20{10 + draw.below(15)}-0{1 + draw.below(9)}-1{draw.below(10)}T12:00:00.000Z",
                "id": draw.hex(24),
            }
            for number in range(1, 1 + draw.below(4))
        ]
    }


def watch_providers(subject: Subject) -> Json:
    """By country; not every country, and not every way of watching."""
    draw = subject.draw("providers")
    results: Json = {}
    for code, *_ in COUNTRIES:
        if draw.chance(0.3):
            continue
        offer: Json = {"link": f"https://watch.simulator.invalid/{subject.kind}/{subject.number}?locale={code}"}
        results[code] = offer
        for way in ("flatrate", "rent", "buy"):
            if draw.chance(0.5):
                offer[way] = [_provider(draw)]
    return {"results": results}


def _provider(draw: Draw) -> Json:
    number = draw.below(len(NETWORKS))
    return {
        "logo_path": f"/{draw.hex(27)}.jpg",
        "provider_id": 501 + number,
        "provider_name": f"{NETWORKS[number]} Play",
        "display_priority": number,
    }


def _images(draw: Draw, shape: str, count: int) -> list[Json]:
    ratio, height, width = _SHAPES[shape]
    return [
        {
            "aspect_ratio": decimal(ratio, 3),
            "height": height,
            "iso_639_1": None if shape == "profiles" else draw.pick(_SPOKEN),
            "file_path": f"/{draw.hex(27)}.{'png' if shape == 'logos' else 'jpg'}",
            "vote_average": decimal(draw.below(1000), 2),
            "vote_count": draw.below(60),
            "width": width,
        }
        for _ in range(count)
    ]
