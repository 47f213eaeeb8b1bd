"""From a name to the file of a config."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest_core.config import config_folder, find_config, source_named_in
from ingest_core.config.document import parse_document
from ingest_core.errors import ConfigError, UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("tmdb.yaml", "orders-daily.yml"):
        (tmp_path / name).write_text("source: x\n")
    return tmp_path


def test_a_name_is_found_with_either_ending(folder: Path) -> None:
    assert find_config("tmdb", folder) == folder / "tmdb.yaml"
    assert find_config("orders-daily", folder) == folder / "orders-daily.yml"


def test_a_path_is_taken_as_it_is(folder: Path) -> None:
    assert find_config(str(folder / "tmdb.yaml"), Path("elsewhere")) == folder / "tmdb.yaml"


def test_a_name_that_is_nearly_right_is_told_the_right_one(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown source 'tmbd'.*did you mean 'tmdb'"):
        find_config("tmbd", folder)


def test_a_name_that_is_quite_wrong_is_told_what_there_is(folder: Path) -> None:
    with pytest.raises(UsageError, match="known: orders-daily, tmdb"):
        find_config("weather", folder)


@pytest.mark.parametrize("name", ["TMDB", "", "..", "tmdb\n", "-x", "é", "x" * 300])
def test_what_is_no_name_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match="unknown source"):
        find_config(name, folder)


def test_an_empty_or_missing_folder_is_told(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "absent"):
        with pytest.raises(UsageError, match="no configs there"):
            find_config("tmdb", place)


def test_a_path_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        find_config(str(folder / "weather.yaml"), folder)


@pytest.mark.parametrize("name", ["My Config.yaml", "TMDB.yaml", "./.yaml"])
def test_a_file_whose_stem_cannot_be_a_name_is_told(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match="has a name like"):
        find_config(name, folder)


@pytest.mark.parametrize("odd", ["odd.yxml", "odd.yaml"])
def test_what_only_looks_like_a_config_is_unknown(folder: Path, odd: str) -> None:
    if odd.endswith(".yxml"):
        (folder / odd).write_text("source: x\n")
    else:
        (folder / odd).mkdir()
    with pytest.raises(UsageError, match="unknown source 'odd'"):
        find_config("odd", folder)


def test_the_home_of_nobody_is_told(folder: Path) -> None:
    with pytest.raises(UsageError):
        find_config("~no-such-user-here/tmdb.yaml", folder)


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({}, "config"),
        ({"LAMBDA_TASK_ROOT": "/var/task"}, "/var/task/config"),
        ({"INGEST_CONFIG_DIR": "/etc/ingest"}, "/etc/ingest"),
        ({"INGEST_CONFIG_DIR": "/etc/ingest", "LAMBDA_TASK_ROOT": "/var/task"}, "/etc/ingest"),
        ({"INGEST_CONFIG_DIR": "", "LAMBDA_TASK_ROOT": "/var/task"}, "/var/task/config"),
        ({"INGEST_CONFIG_DIR": "", "LAMBDA_TASK_ROOT": ""}, "config"),
    ],
)
def test_the_folder_of_configs_is_the_nearest_that_is_named(environment: dict[str, str], place: str) -> None:
    assert config_folder(environment) == Path(place)


def test_a_config_says_which_source_it_is_for() -> None:
    assert source_named_in(parse_document("lake: x\nsource: tmdb\n", "c.yaml")) == "tmdb"
    with pytest.raises(ConfigError, match=r"c\.yaml:1:1: missing key 'source'"):
        source_named_in(parse_document("lake: x\n", "c.yaml"))
    with pytest.raises(ConfigError, match=r"c\.yaml:2:9: source: must be text"):
        source_named_in(parse_document("lake: x\nsource: 5\n", "c.yaml"))
