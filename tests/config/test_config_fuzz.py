"""Whatever stands in a config, the answer is a config or mistakes with their places."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from ingest_source_tmdb import SOURCE

from ingest_core.config import build_config
from ingest_core.config.document import parse_document
from ingest_core.errors import ConfigError, Located

BASE = (Path(__file__).parents[2] / "config/tmdb.yaml").read_text()
# More by hand: INGEST_FUZZ=200000 pytest tests/config/test_config_fuzz.py
ROUNDS = int(os.environ.get("INGEST_FUZZ", "500"))
MARKS = "&a |*a|!!python/object:os.system |!x |? |- |: |{|}|[|]|>|#|'|\"|%|@|`|<<: |~|null|NO|012|1_000|0x1F|1e999"
WORDS = "-.inf|.nan|2022-05-02|---\n|...\n|source: tmdb\n|  select:\n|é|🎬|env:|50%|-1|0|1.5|true|[1, [2, {x: y}]]"
ENDS = "\n|\r\n|\t|\0"
ODD = ["\ufeff", "\u2028", "\ud7ff", "9" * 400, "a" * 5000, "[" * 200, "{a: " * 50, "|"]
PIECES = [*MARKS.split("|"), *WORDS.split("|"), *ENDS.split("|"), *ODD]


def mistakes_in(text: str) -> tuple[Located, ...]:
    """What is said about `text`; nothing where it is a config."""
    try:
        build_config(parse_document(text, "fuzz.yaml"), "fuzz", SOURCE, lambda reference: "")
    except ConfigError as error:
        assert error.mistakes  # noqa: PT017 -- the rest is judged by the caller
        return error.mistakes
    return ()


def mutated(chance: random.Random) -> str:
    text = BASE
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        kind = chance.randrange(5)
        lines = text.splitlines(keepends=True)
        if kind == 0:
            text = text[:at] + chance.choice(PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + chance.randint(1, 12) :]
        elif kind == 2 and lines:
            line = chance.randrange(len(lines))
            text = "".join([*lines[:line], *lines[line + 1 :]])
        elif kind == 3 and lines:
            line = chance.randrange(len(lines))
            text = "".join([*lines[:line], chance.choice(lines), *lines[line:]])
        else:
            words = text.split(" ")
            words[chance.randrange(len(words))] = chance.choice(PIECES)
            text = " ".join(words)
    return text


def test_no_text_crashes_the_reader_and_each_mistake_has_its_place() -> None:
    chance = random.Random(20261123)
    sound = 0
    for number in range(ROUNDS):
        text = mutated(chance)
        found = mistakes_in(text)
        sound += not found
        for mistake in found:
            assert mistake.file == "fuzz.yaml", number
            assert 1 <= mistake.line <= len(text.splitlines()) + 2, number
            assert mistake.column >= 1, number
            assert mistake.what, number
    assert 0 < sound < ROUNDS


@pytest.mark.parametrize("piece", PIECES)
def test_each_odd_piece_alone_is_named(piece: str) -> None:
    assert mistakes_in(piece)
    assert mistakes_in(f"source: tmdb\nlake: x\nsettings: {piece}")
