"""From a YAML to a checked Config: every mistake in one pass, each where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ingest_core.config import Config, build_config, open_document, parse_override
from ingest_core.config.document import parse_document
from ingest_core.config.load import stamp_config
from ingest_core.errors import ConfigError, Mistake, PluginError, UsageError
from ingest_core.model import FailureBudget, Secret, Source

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["token"],
    "properties": {
        "token": {"format": "secret"},
        "keys": {"type": "array", "items": {"format": "secret"}},
        "start_date": {"type": "string"},
        "pages": {"type": "integer", "default": 3, "minimum": 1, "maximum": 500},
        "kind": {"enum": ["movie", "person"], "default": "movie"},
        "select": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"list": {"type": "string"}, "pages": {"type": "integer", "default": 1}},
            },
        },
    },
}
GOOD = """\
source: things
lake: ./lake
settings:
  token: env:THING_KEY
"""


def check(settings: Any, lake: str) -> Iterable[Mistake]:
    for number, item in enumerate(settings.get("select", [])):
        if item.get("list") == "forbidden":
            yield Mistake(("select", number, "list"), "this list is not handed out")


def source(**changes: Any) -> Source:
    made: dict[str, Any] = {"name": "things", "label": "Things", "settings_schema": SCHEMA, "rate": 40, "check": check}
    return Source(plan=lambda _: [], fetch=lambda _, __: [], **(made | changes))


def built(text: str, of: Source | None = None) -> Config:
    return build_config(parse_document(text, "c.yaml"), "c", of or source(), lambda reference: f"value of {reference}")


def told(text: str, of: Source | None = None) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        built(text, of)
    return raised.value.what.splitlines()


def test_a_config_has_its_defaults_from_the_core_the_source_and_the_schema() -> None:
    config = built(GOOD + "  select: [{list: a}, {list: b, pages: 9}]\n")
    assert (config.name, config.source, config.label, config.lake) == ("c", "things", "Things", "./lake")
    assert (config.rate, config.connections, config.timezone) == (40.0, 10, ZoneInfo("UTC"))
    assert config.max_failed == FailureBudget(count=0)
    assert config.specification == {}
    assert config.settings["pages"] == 3
    assert config.settings["select"] == [{"list": "a", "pages": 1}, {"list": "b", "pages": 9}]


def test_secrets_are_references_until_they_are_revealed() -> None:
    config = built(GOOD + "  keys: [env:A, file:b]\n")
    assert config.settings["token"] == Secret("env:THING_KEY", str)
    assert [key.reference for key in config.settings["keys"]] == ["env:A", "file:b"]
    assert config.settings["token"].reveal() == "value of env:THING_KEY"
    assert "value of" not in repr(config)


def test_an_unknown_key_is_told_with_its_place_and_the_one_that_was_meant() -> None:
    text = "source: things\nlake: x\nsettings:\n  strat_date: 2022-05-02\n  token: env:A\n"
    assert told(text) == ["c.yaml:4:3: unknown key 'strat_date'; did you mean 'start_date'?"]
    assert told(GOOD + "laek: y\n") == ["c.yaml:5:1: unknown key 'laek'; did you mean 'lake'?"]


def test_every_mistake_is_told_in_one_pass_in_the_order_of_the_file() -> None:
    lines = told(
        "lake: ''\nsource: things\nrate: fast\ntimezone: Mars/Base\nmax_failed: -1\nbogus: 1\nsettings:\n"
        "  pages: 501\n  kind: movies\n  select:\n    - list: 5\n"
    )
    assert [line.split(" ")[0] for line in lines] == [
        "c.yaml:1:7:",
        "c.yaml:3:7:",
        "c.yaml:4:11:",
        "c.yaml:5:13:",
        "c.yaml:6:1:",
        "c.yaml:8:3:",
        "c.yaml:8:10:",
        "c.yaml:9:9:",
        "c.yaml:11:13:",
    ]
    assert lines[1] == "c.yaml:3:7: rate: must be a number, not 'fast'"
    assert lines[2] == "c.yaml:4:11: timezone 'Mars/Base' is not known: write Area/City"
    assert lines[5] == "c.yaml:8:3: missing key 'settings.token'"
    assert lines[6] == "c.yaml:8:10: pages: must be at most 500, not 501"
    assert lines[7] == "c.yaml:9:9: kind: 'movies' is not known; did you mean 'movie'?"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("rate: 0", "rate: must be more than 0, not 0"),
        ("connections: true", "connections: must be a whole number, not true"),
        ("connections: 2.5", "connections: must be a whole number, not 2.5"),
        ("connections: 257", "connections: must be at most 256, not 257"),
        ("timezone: [UTC]", "timezone: must be text, not a list"),
        ("lake: null", "lake: must be text, not nothing"),
        ("source: others", "source: must be 'things'"),
        (
            "specification: ../up",
            "specification: must be a folder's name: letters, digits, '_' and '-' alone, not '../up'",
        ),
        ("s3: {bucket_owner: 123456789012}", "bucket_owner: must be text, not 123456789012"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(line: str, sentence: str) -> None:
    key = line.split(":", 1)[0]
    kept = [other for other in GOOD.splitlines() if not other.startswith(f"{key}:")]
    (only,) = told("\n".join([line, *kept]))
    assert only.startswith("c.yaml:1:")
    assert sentence in only


def test_a_missing_source_or_lake_is_told() -> None:
    assert told("settings: {token: env:A}\nlake: x\n")[0].startswith("c.yaml:1:1: missing key 'source'")
    assert told("settings: {token: env:A}\nsource: things\n")[0].startswith("c.yaml:1:1: missing key 'lake'")


@pytest.mark.parametrize("literal", ["hunter2-literal", "'hunter2 literal'", "[hunter2]", "{a: hunter2}"])
def test_a_secret_that_stands_in_the_config_is_refused_and_not_quoted(literal: str) -> None:
    (line,) = told(f"source: things\nlake: x\nsettings:\n  token: {literal}\n")
    assert line.startswith("c.yaml:4:10: token: a secret does not stand in a config: name where it lies instead: env:")
    assert "hunter2" not in line


def test_a_secret_where_a_list_of_secrets_is_wanted_is_not_quoted() -> None:
    assert "hunter2" not in "".join(told(GOOD + "  keys: hunter2\n"))


def test_a_map_of_secrets_is_a_map_of_references() -> None:
    schema = {"properties": {"headers": {"type": "object", "additionalProperties": {"format": "secret"}}}}
    text = "source: things\nlake: x\nsettings:\n  headers:\n    X-Key: env:A\n"
    assert built(text, source(settings_schema=schema)).settings["headers"]["X-Key"] == Secret("env:A", str)


@pytest.mark.parametrize(
    ("given", "budget"),
    [
        ("5", FailureBudget(count=5)),
        ("1%", FailureBudget(share=0.01)),
        ("0.5%", FailureBudget(share=0.005)),
        ("100%", FailureBudget(share=1.0)),
        ("0", FailureBudget(count=0)),
    ],
)
def test_max_failed_is_a_count_or_a_share(given: str, budget: FailureBudget) -> None:
    assert built(f"{GOOD}max_failed: {given}\n").max_failed == budget


@pytest.mark.parametrize("given", ["-1", "101%", "1 %", "many", "0.5", "'5'", "true", "-1%", "[1]"])
def test_any_other_max_failed_is_refused(given: str) -> None:
    assert "max_failed" in told(f"{GOOD}max_failed: {given}\n")[0]


def test_connections_are_a_whole_number_however_they_are_written() -> None:
    assert type(built(f"{GOOD}connections: 10.0\n").connections) is int


def test_a_generic_source_needs_a_label_and_another_one_takes_none() -> None:
    generic = source(label=None)
    assert "missing key 'label'" in told(GOOD, generic)[0]
    assert built(GOOD + "label: Orders\n", generic).label == "Orders"
    assert "unknown key 'label'" in told(GOOD + "label: Orders\n")[0]
    assert told(GOOD + "label: a/b\n", generic)[0].startswith("c.yaml:5:8:")


def test_a_specification_is_one_folder_or_one_for_each_stream() -> None:
    several = source(streams=("movie", "tv"))
    assert built(GOOD + "specification: Movies\n", several).specification == {"*": "Movies"}
    assert built(GOOD + "specification: {movie: M}\n", several).specification == {"movie": "M"}
    assert "did you mean 'movie'?" in told(GOOD + "specification: {movei: M}\n", several)[0]
    (line,) = told(GOOD + "specification: {movie: M, tv: M}\n", several)
    assert line.startswith("c.yaml:5:16: specification: movie and tv with the same id")


def test_what_the_source_itself_finds_has_its_place() -> None:
    text = GOOD + "  select:\n    - list: fine\n    - list: forbidden\n"
    assert told(text) == ["c.yaml:7:13: this list is not handed out"]
    both = told(text + "rate: fast\n")
    assert both == ["c.yaml:7:13: this list is not handed out", "c.yaml:8:7: rate: must be a number, not 'fast'"]


def test_a_check_that_raises_or_a_schema_that_is_none_is_the_plugins_mistake() -> None:
    def broken(settings: Any, lake: str) -> Iterable[Mistake]:
        raise KeyError("select")

    with pytest.raises(PluginError, match="source things: check raised KeyError"):
        built(GOOD, source(check=broken))
    with pytest.raises(PluginError, match="source things: its settings_schema is not JSON Schema"):
        built(GOOD, source(settings_schema={"type": "no such type"}))


def test_a_file_s_schema_is_judged_where_it_finds_something_and_where_it_is_checked(tmp_path: Path) -> None:
    # Whoever validates with it takes any text for true: it only says nothing.
    odd = source(settings_schema={**SCHEMA, "additionalProperties": "no"})
    path = tmp_path / "c.yaml"
    path.write_text(GOOD + "  unknown: 1\n")
    assert build_config(open_document(path, {}), "c", odd, str).settings["unknown"] == 1
    with pytest.raises(PluginError, match="its settings_schema is not JSON Schema"):
        build_config(open_document(path, {}, anew=True), "c", odd, str)
    path.write_text(GOOD + "rate: fast\n")
    with pytest.raises(PluginError, match="its settings_schema is not JSON Schema"):
        build_config(open_document(path, {}), "c", odd, str)


def test_a_stamp_that_does_not_count_costs_no_more_than_none(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(GOOD)
    stamp_config(path, lambda _: source())
    changed = source(settings_schema={**SCHEMA, "additionalProperties": "no"})
    document = open_document(path, {})
    assert document.stamp is not None
    assert build_config(document, "c", changed, str).name == "c"


def overridden(folder: Path, *options: str) -> Config:
    path = folder / "c.yaml"
    path.write_text(GOOD + "  select:\n    - list: a\n    - list: b\n")
    document = open_document(path, dict(map(parse_override, options)))
    return build_config(document, "c", source(), str)


def test_set_lays_values_over_the_file(tmp_path: Path) -> None:
    config = overridden(
        tmp_path, "rate=5", "pages=7", "select.1.pages=2", "settings.kind=person", "s3.region=sa-east-1"
    )
    assert (config.rate, config.settings["pages"], config.settings["kind"]) == (5.0, 7, "person")
    assert config.settings["select"] == [{"list": "a", "pages": 1}, {"list": "b", "pages": 2}]
    assert config.s3.region == "sa-east-1"


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("rate=fast", "--set rate: rate: must be a number, not 'fast'"),
        ("paegs=5", "--set paegs: unknown key 'paegs'; did you mean 'pages'?"),
        ("select.0.list=forbidden", "--set select.0.list: this list is not handed out"),
        ("select=[{list: 5}]", "--set select: list: must be text, not 5"),
    ],
)
def test_a_mistake_of_set_is_told_as_one_of_the_command(tmp_path: Path, option: str, line: str) -> None:
    with pytest.raises(ConfigError) as raised:
        overridden(tmp_path, option)
    assert raised.value.what == line


@pytest.mark.parametrize("option", ["rate", "=5", ""])
def test_a_set_without_key_or_value_is_refused(option: str) -> None:
    with pytest.raises(UsageError, match="write --set key=value"):
        parse_override(option)


def test_a_set_with_a_digit_that_is_no_number_is_text() -> None:
    assert parse_override("select.²=5")[0] == ("settings", "select", "²")


def test_a_set_past_the_end_of_a_list_is_told_as_one_of_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        overridden(tmp_path, "select.9.pages=2")
    assert str(raised.value).startswith("--set select.9.pages: ")


def test_a_secret_that_the_core_would_not_find_is_a_mistake_of_the_plugin() -> None:
    schema = {"properties": {"auth": {"oneOf": [{"properties": {"key": {"format": "secret"}}}, {"type": "null"}]}}}
    with pytest.raises(PluginError, match="marks a secret where the core does not look"):
        built("source: things\nlake: x\nsettings: {}\n", source(settings_schema=schema))
