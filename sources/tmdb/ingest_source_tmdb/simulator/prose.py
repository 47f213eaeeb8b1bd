"""Titles, overviews, taglines and names, told in one of the languages of `words`."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ingest_source_tmdb.simulator.draw import Draw
from ingest_source_tmdb.simulator.words import FIRST_NAMES, LAST_NAMES, SPEECH, Speech

# One title in this many carries an emoji, or markup that a careless page would run.
_EMOJI_EVERY: Final = 31
_SCRIPT_EVERY: Final = 97


def title(seed: int, kind: str, number: int, language: str) -> str:
    """A work's title in a language of `words`."""
    draw = Draw(seed, kind, number, "text")
    speech = SPEECH[language]
    told = _fill(draw.pick(speech.titles), draw.pick(speech.nouns), draw.pick(speech.places))
    if number % _SCRIPT_EVERY == 0:
        return f"<script>alert('{told}')</script>"
    return f"{told} 🎬" if number % _EMOJI_EVERY == 0 else told


def translated(seed: int, kind: str, number: int, language: str, original: str) -> bool:
    """Whether a work has texts in a language (two letters): always in English and in its own, often in the others."""
    if language in {"en", original}:
        return True
    return language in SPEECH and not Draw(seed, kind, number, "gap", language).chance(1 / 3)


def overview(seed: int, kind: str, number: int, language: str) -> str:
    """Five sentences about a work, in a language of `words`; they name the place that its title names."""
    draw, speech = _story(seed, kind, number, language)
    noun, place = draw.pick(speech.nouns), draw.pick(speech.places)
    sentences = Draw(seed, kind, number, "overview").several(speech.sentences, 5)
    return " ".join([_fill(sentence, noun, place) for sentence in sentences])


def tagline(seed: int, kind: str, number: int, language: str) -> str:
    """A work's tagline, "" for some."""
    draw, speech = _story(seed, kind, number, language)
    noun, place = draw.pick(speech.nouns), draw.pick(speech.places)
    return _fill(draw.pick(speech.taglines), noun, place)


def name(seed: int, number: int) -> str:
    """A person's name."""
    draw = Draw(seed, "name", number)
    return f"{draw.pick(FIRST_NAMES)} {draw.pick(LAST_NAMES)}"


def _story(seed: int, kind: str, number: int, language: str) -> tuple[Draw, Speech]:
    draw, speech = Draw(seed, kind, number, "text"), SPEECH[language]
    # Passes over the choice of the title, so that noun and place come out as in the title.
    draw.below(len(speech.titles))
    return draw, speech


# All there can be: every template with every noun and place.
@lru_cache(16_384)
def _fill(template: str, noun: str, place: str) -> str:
    return template.format(noun=noun, place=place)
