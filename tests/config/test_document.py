"""YAML with positions, in the dialect that a person means."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ingest_core.codes import Code
from ingest_core.config.document import MAX_BYTES, parse_document, parse_value, read_document
from ingest_core.errors import ConfigError, UsageError

TEXT = """\
source: things
settings:
  pages: 3
  select:
    - list: popular
      "pages": 5
    - [a,   b]
"""


@pytest.mark.parametrize(
    ("path", "key_place", "place"),
    [
        (("source",), (1, 1), (1, 9)),
        (("settings",), (2, 1), (3, 3)),
        (("settings", "pages"), (3, 3), (3, 10)),
        (("settings", "select", 0), None, (5, 7)),
        (("settings", "select", 0, "list"), (5, 7), (5, 13)),
        (("settings", "select", 0, "pages"), (6, 7), (6, 16)),
        (("settings", "select", 1, 1), None, (7, 13)),
    ],
)
def test_values_and_keys_know_their_line_and_column(
    path: tuple[str | int, ...], key_place: tuple[int, int] | None, place: tuple[int, int]
) -> None:
    document = parse_document(TEXT, "c.yaml")
    assert document.places[path] == place
    assert document.key_places.get(path) == key_place


def test_what_stands_nowhere_is_located_at_the_nearest_thing_around_it() -> None:
    document = parse_document(TEXT, "c.yaml")
    assert str(document.locate(("settings", "select", 9, "x"), "odd", Code.CONFIG_TYPE)) == "c.yaml:5:5: odd"
    assert str(document.locate(("settings", "pages"), "odd", Code.CONFIG_TYPE, at_key=True)) == "c.yaml:3:3: odd"
    assert str(document.locate(("absent",), "odd", Code.CONFIG_TYPE)) == "c.yaml:1:1: odd"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", "True"),
        ("NULL", "NULL"),
        ("2022-05-02", "2022-05-02"),
        ("2022-05-02T10:00:00Z", "2022-05-02T10:00:00Z"),
        ("1_000", "1_000"),
        ("012", "012"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("12:30", "12:30"),
        (".5", ".5"),
        ("5.", "5."),
        (".inf", ".inf"),
        ("1%", "1%"),
        ("9" * 100, "9" * 100),
        ('"5"', "5"),
        ("'true'", "true"),
        ("|-\n  5", "5"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-17", -17),
        ("+5", 5),
        ("123456789012345678901", 123456789012345678901),
        ("7.10", 7.1),
        ("-0.5e3", -500.0),
        ("1e3", 1000.0),
    ],
)
def test_a_plain_word_is_what_it_looks_like(text: str, value: Any) -> None:
    read = parse_document(f"key: {text}\n", "c.yaml").value["key"]
    assert read == value
    assert type(read) is type(value)


def test_keys_are_text_as_they_look() -> None:
    assert parse_document("{NO: 1, 5: 2, null: 3}", "c.yaml").value == {"NO": 1, "5": 2, "null": 3}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", "c.yaml:3:1: the key 'a' stands here a second time"),
        ("x:\n  a: 1\n  'a': 1\n", "c.yaml:3:3: the key 'a' stands here a second time"),
        (
            "a: &n [1]\nb: *n\n",
            "c.yaml:1:4: an anchor (`&name`) is not used here\n"
            "c.yaml:2:4: an alias (`*name`) is not used here: write the value out",
        ),
        ("a: !custom 5\n", "c.yaml:1:4: a tag (`!name`) is not used here"),
        ("a: !!python/object:os.system x\n", "c.yaml:1:4: a tag (`!name`) is not used here"),
        ("? [a]\n: 1\n", "c.yaml:1:3: a key is a word"),
        ("- a\n", "c.yaml:1:1: a config is a mapping: it begins with `source: …`"),
        ("", "c.yaml:1:1: a config is a mapping: it begins with `source: …`"),
        ("# nothing\n", "c.yaml:1:1: a config is a mapping: it begins with `source: …`"),
        ("just text", "c.yaml:1:1: a config is a mapping: it begins with `source: …`"),
    ],
)
def test_what_a_person_does_not_mean_is_refused_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_document(text, "c.yaml")
    assert raised.value.what == told


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: [1, 2\nb: 3\n", "c.yaml:2:"), ("a: 'open\n", "c.yaml:"), ("a: b: c\n", "c.yaml:1:5"), ("\ta: 1", "c.yaml:1")],
)
def test_what_is_no_yaml_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(ConfigError, match="not YAML") as raised:
        parse_document(text, "c.yaml")
    assert str(raised.value).startswith(place)


@pytest.mark.parametrize("text", ["a: 1\n---\nb: 2\n", "a: \x07\n", "a: *unknown\n"])
def test_other_odd_yaml_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not YAML"):
        parse_document(text, "c.yaml")


def test_several_mistakes_are_told_in_the_order_of_the_file() -> None:
    with pytest.raises(ConfigError) as raised:
        parse_document("a: !x 1\nb: 1\nb: 2\nc: !y 3\n", "c.yaml")
    assert [mistake.line for mistake in raised.value.mistakes] == [1, 3, 4]


def test_an_alias_bomb_is_refused_at_once() -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    with pytest.raises(ConfigError, match="alias"):
        parse_document("a0: &a0 [x]\n" + "\n".join(levels), "c.yaml")


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(ConfigError):
        parse_document("a: " + "[" * 1000 + "]" * 1000, "c.yaml")


def test_the_deepest_nesting_that_fits_is_refused_and_does_not_end_the_process(tmp_path: Path) -> None:
    config = tmp_path / "deep.yaml"
    config.write_text("a: " + "[" * 60_000)
    code = (
        "import sys, pathlib; from ingest_core.config.document import read_document as r; r(pathlib.Path(sys.argv[1]))"
    )
    ended = subprocess.run([sys.executable, "-c", code, config], capture_output=True, text=True, check=False)
    assert ended.returncode == 1, f"killed by signal {-ended.returncode}"
    assert "ConfigError" in ended.stderr


@pytest.mark.parametrize("text", ["a: !!str 5", "a: !!binary aGk=", "a: &name 5"])
def test_tags_of_yaml_itself_and_anchors_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_document(text, "c.yaml")


def written(folder: Path, body: bytes) -> Path:
    path = folder / "c.yaml"
    path.write_bytes(body)
    return path


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    document = read_document(written(tmp_path, b"\xef\xbb\xbfsource: x\r\nlake: y\r\n"))
    assert document.value == {"source": "x", "lake": "y"}
    assert document.key_places[("source",)] == (1, 1)


def test_a_file_that_is_not_utf8_is_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"c\.yaml:2:1: not UTF-8"):
        read_document(written(tmp_path, "a: 1\nb: título\n".encode("latin-1")))


def test_a_file_of_64_kb_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    body = b"a: 1\n#" + b"x" * (MAX_BYTES - 6)
    assert read_document(written(tmp_path, body)).value == {"a": 1}
    with pytest.raises(ConfigError, match=r"65,537 bytes; a config has at most 65,536"):
        read_document(written(tmp_path, body + b"x"))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a config is a mapping"):
        read_document(written(tmp_path, b""))


def test_a_file_that_cannot_be_read_is_a_mistake_of_usage(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(UsageError):
            read_document(path)


def test_a_value_for_set_is_yaml() -> None:
    assert parse_value("[a, 5]", "--set x") == ["a", 5]
    assert parse_value("", "--set x") is None
