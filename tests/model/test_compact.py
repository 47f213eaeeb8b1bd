"""compact(): white space outside strings goes, nothing else."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest

from ingest_core.model.rawjson import compact, is_json

STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
NUMBERS = ["0", "-0", "7.10", "1e400", "1E+2", "-1.50e-7", "123456789012345678901234567890", "0.1000"]
LETTERS = ["a", " ", "\t", "é", "😀", '"', "\\", "/", "\n", "{", "]", ",", ":", "\u2028", "\x7f"]


def random_space(chance: random.Random) -> str:
    return "".join(chance.choices(" \t\r\n", k=chance.choice([0, 0, 1, 3])))


def random_string(chance: random.Random) -> str:
    text = "".join(chance.choices(LETTERS, k=chance.randrange(8)))
    written = json.dumps(text, ensure_ascii=chance.random() < 0.5)
    return written.replace("/", "\\/") if chance.random() < 0.5 else written


def random_json(chance: random.Random, depth: int = 0) -> str:
    kind = chance.choice("nswao" if depth < 4 else "nsw")
    if kind == "n":
        return chance.choice(NUMBERS)
    if kind == "s":
        return random_string(chance)
    if kind == "w":
        return chance.choice(["true", "false", "null"])
    items = [random_json(chance, depth + 1) for _ in range(chance.randrange(5))]
    if kind == "o":
        items = [f"{random_string(chance)}{random_space(chance)}:{random_space(chance)}{item}" for item in items]
    inside = ",".join(f"{random_space(chance)}{item}{random_space(chance)}" for item in items)
    return f"[{inside}]" if kind == "a" else f"{{{inside}}}"


def pairs(value: list[tuple[str, Any]]) -> Any:
    """Objects as lists of pairs: order and repeated keys count, numbers stay text."""
    return ("object", value)


def read(body: bytes) -> Any:
    return json.loads(body, object_pairs_hook=pairs, parse_float=str, parse_int=str)


def test_a_thousand_random_documents_keep_their_values_numbers_and_strings() -> None:
    chance = random.Random(20261123)
    shorter = 0
    for _ in range(1000):
        body = f"{random_space(chance)}{random_json(chance)}{random_space(chance)}".encode()
        assert is_json(body), body
        short = compact(body)
        assert read(short) == read(body)
        assert STRING.findall(short) == STRING.findall(body)
        assert short == b"".join(
            piece if n % 2 else re.sub(rb"[ \t\r\n]", b"", piece)
            for n, piece in enumerate(re.split(rb'("(?:[^"\\]|\\.)*")', body, flags=re.DOTALL))
        )
        assert b"\n" not in short
        assert compact(short) == short
        shorter += len(short) < len(body)
    assert shorter > 500


@pytest.mark.parametrize(
    ("body", "short"),
    [
        (b'{ "a b" : "c  \\" , d" }\n', b'{"a b":"c  \\" , d"}'),
        (b'{ "a" : "\\ud800  x" , "b" : 7.10 }', b'{"a":"\\ud800  x","b":7.10}'),
        (b"  ", b""),
        (b"", b""),
        (b'[ "\\\\" , " " ]', b'["\\\\"," "]'),
        (b'{"t":"\xc2\xa0 \xe2\x80\xa8"} ', b'{"t":"\xc2\xa0 \xe2\x80\xa8"}'),
    ],
)
def test_only_white_space_outside_strings_goes(body: bytes, short: bytes) -> None:
    assert compact(body) == short


def test_a_document_of_depth_one_hundred_thousand_is_compacted_without_a_crash() -> None:
    body = b"[ " * 100_000 + b"] " * 100_000
    assert compact(body) == body.replace(b" ", b"")
