"""A config that was judged before it was deployed: when its stamp counts, and when it does not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ingest_core.config import build_config, is_stamped, open_document, stamp_config
from ingest_core.config.schema import config_schema
from ingest_core.config.stamp import stamp_of
from ingest_core.errors import ConfigError, Mistake, UsageError
from ingest_core.model import Source

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"pages": {"type": "integer", "default": 3}, "of": {"type": "string"}},
}
TEXT = "source: things\nlake: ./lake\nnetwork: {ca_bundle: CA}\nsettings:\n  pages: 1\n  of: a\n"


def source(schema: Mapping[str, Any] = SCHEMA, wrong: str = "") -> Source:
    def check(settings: Any, lake: str) -> list[Mistake]:
        return [Mistake(("of",), "is gone")] if settings["of"] == wrong else []

    return Source("things", "Things", schema, lambda ctx: [], lambda ctx, slice: [], check=check)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config that is right, without a stamp."""
    (tmp_path / "ca.pem").write_text("")
    path = tmp_path / "things.yaml"
    path.write_text(TEXT.replace("CA", str(tmp_path / "ca.pem")))
    return path


def built(path: Path, of: Source, overrides: Any = None) -> Any:
    return build_config(open_document(path, overrides or {}), "things", of, lambda reference: "")


def test_a_stamped_config_is_the_same_config(config: Path) -> None:
    before = built(config, source())
    assert is_stamped(config, lambda document: source()) is None
    assert stamp_config(config, lambda document: source()) == stamp_of(config) == config.with_name("things.stamp.json")
    assert is_stamped(config, lambda document: source()) is True
    assert built(config, source()) == before


def test_a_stamped_config_is_neither_parsed_nor_judged_again(config: Path) -> None:
    stamp_config(config, lambda document: source())
    code = (
        "import sys, pathlib; from ingest_core.config import build_config, open_document\n"
        "from ingest_core import Source\n"
        f"things = Source('things', 'Things', {SCHEMA!r}, lambda ctx: [], lambda ctx, slice: [])\n"
        "config = build_config(open_document(pathlib.Path(sys.argv[1]), {}), 'things', things, str)\n"
        "print(config.settings['pages'], sorted({'yaml', 'jsonschema'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, config], capture_output=True, text=True, check=True)
    assert done.stdout == "1 []\n"
    stamp_of(config).unlink()
    done = subprocess.run([sys.executable, "-c", code, config], capture_output=True, text=True, check=True)
    assert done.stdout == "1 ['jsonschema', 'yaml']\n"


def test_what_is_wrong_is_not_stamped(config: Path) -> None:
    config.write_text(config.read_text().replace("pages: 1", "pages: many"))
    with pytest.raises(ConfigError, match=r"things.yaml:5:10: pages: must be a whole number"):
        stamp_config(config, lambda document: source())
    assert not stamp_of(config).exists()


def test_a_folder_that_cannot_be_written_to_is_named(config: Path) -> None:
    stamp_of(config).mkdir()
    with pytest.raises(UsageError, match=r"things\.yaml: its stamp cannot be written"):
        stamp_config(config, lambda document: source())


def test_another_text_is_judged_anew(config: Path) -> None:
    stamp_config(config, lambda document: source())
    config.write_text(config.read_text().replace("pages: 1", "pages: many"))
    assert is_stamped(config, lambda document: source()) is False
    with pytest.raises(ConfigError, match=r"things.yaml:5:10: pages: must be a whole number, not 'many'"):
        built(config, source())


def test_another_schema_judges_anew_and_still_knows_the_lines(config: Path) -> None:
    stamp_config(config, lambda document: source())
    stricter = source({**SCHEMA, "properties": {**SCHEMA["properties"], "pages": {"minimum": 2}}})
    assert is_stamped(config, lambda document: stricter) is False
    with pytest.raises(ConfigError, match=r"things.yaml:5:10: pages: must be at least 2, not 1"):
        built(config, stricter)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"ingest_core": "0.0.9"},
        {"config": "0" * 64},
        {"value": [1]},
        {"value": None},
    ],
    ids=str,
)
def test_a_stamp_of_another_kind_says_nothing(config: Path, change: dict[str, Any]) -> None:
    stamp_config(config, lambda document: source())
    told = json.loads(stamp_of(config).read_text())
    stamp_of(config).write_text(json.dumps({**told, **change}))
    assert open_document(config, {}).stamp is None
    assert built(config, source()).settings == {"pages": 1, "of": "a"}


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "{}", '{"format": 1}', "\0", "[" * 100_000])
def test_a_stamp_that_is_none_says_nothing(config: Path, text: str) -> None:
    stamp_of(config).write_text(text)
    assert built(config, source()).settings == {"pages": 1, "of": "a"}


def test_what_the_schema_cannot_see_is_looked_at_each_time_and_told_with_its_line(config: Path) -> None:
    stamp_config(config, lambda document: source())
    with pytest.raises(ConfigError, match=r"things.yaml:6:7: is gone"):
        built(config, source(wrong="a"))
    (config.parent / "ca.pem").unlink()
    with pytest.raises(ConfigError, match=r"things.yaml:3:22: ca_bundle: there is no file"):
        built(config, source())


def test_another_lake_is_no_other_config_but_any_other_override_is(config: Path) -> None:
    stamp_config(config, lambda document: source())
    schema = config_schema(source())
    for overrides, vouched in (
        ({("lake",): ("INGEST_LAKE", "s3://elsewhere")}, True),
        ({("lake",): ("INGEST_LAKE", "")}, False),
        ({("lake",): ("INGEST_LAKE", 5)}, False),
        ({("settings", "pages"): ("--set pages", "many")}, False),
        ({("rate",): ("--set rate", 5)}, False),
    ):
        document = open_document(config, overrides)
        assert document.stamp is not None
        assert document.stamp.vouches_for(document.value, schema) is vouched
    with pytest.raises(ConfigError, match="--set pages: pages: must be a whole number"):
        built(config, source(), {("settings", "pages"): ("--set pages", "many")})


def test_numbers_and_truth_are_not_taken_for_each_other(config: Path) -> None:
    stamp_config(config, lambda document: source())
    schema, document = config_schema(source()), open_document(config, {})
    assert document.stamp is not None
    for pages in (1, True, 1.0, "1", None, [1]):
        value = {**document.value, "settings": {"pages": pages, "of": "a"}}
        assert document.stamp.vouches_for(value, schema) is (type(pages) is int)
