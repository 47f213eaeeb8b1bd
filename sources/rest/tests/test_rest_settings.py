"""Mistakes in a config are named where they stand; what is right passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest_core.assembly import Wish, Workspace
from ingest_core.errors import ConfigError

Use = Callable[..., Any]
GOOD: dict[str, Any] = {"name": "thing", "path": "/things"}


@pytest.fixture
def use(tmp_path: Path) -> Use:
    def make(stream: dict[str, Any] | None = None, top: dict[str, Any] | None = None, **settings: Any) -> Any:
        document = {
            "source": "rest",
            "label": "Things",
            "lake": str(tmp_path),
            **(top or {}),
            "settings": {"base_url": "https://api.example.org", "streams": [{**GOOD, **(stream or {})}], **settings},
        }
        path = tmp_path / "things.yaml"
        path.write_text(json.dumps(document))
        return Workspace({}).use(str(path), Wish())

    return make


PAGE = {"page": {"size": 10}}
SINCE = {"params": {"since": "{checkpoint}"}}


@pytest.mark.parametrize(
    ("stream", "settings", "told"),
    [
        ({"paging": {"cursr": {"at": "x"}}}, {}, "unknown key 'cursr'; did you mean 'cursor'?"),
        ({"paging": {}}, {}, "paging: one kind of paging is wanted; here is none"),
        ({"paging": {"page": {}, "link": {}}}, {}, "one kind of paging is wanted; here are page, link"),
        ({"paging": {"offset": {}}}, {}, "missing key 'settings.streams.0.paging.offset.size'"),
        ({"stop": {"pages": 2}}, {}, "without `paging` there is one page"),
        ({"paging": {"page": {}}, "stop": {"short_page": True}}, {}, "say how many rows a full page has"),
        ({"paging": {"page": {"size_param": "n"}}}, {}, "size_param: say size too"),
        ({"paging": PAGE, "stop": {"pages": 9}, "max_pages": 5}, {}, "is more than max_pages, which is 5"),
        ({"single": True, "rows": "items"}, {}, "rows: with `single` the answer is one record"),
        ({"id": "{date}"}, {}, "rows would all have the same"),
        ({"detail": {"path": "/things"}}, {}, "say where the id goes"),
        ({"params": {"d": "{dat}"}}, {}, "nothing stands for {dat}; did you mean {date}?"),
        ({"path": "/x/{checkpoint}"}, {}, "nothing stands for {checkpoint}"),
        ({"params": {"d": "{id}"}}, {}, "nothing stands for {id}"),
        (SINCE, {}, "{checkpoint} needs `incremental`"),
        ({"incremental": {"field": "at"}}, {}, "no parameter asks for {checkpoint}"),
        ({**SINCE, "incremental": {"field": "at", "type": "number", "lag": "1h"}}, {}, "a number has none"),
        ({**SINCE, "incremental": {"field": "at", "lag": "soon"}}, {}, "'soon' is not a duration"),
        ({**SINCE, "incremental": {"field": "at", "start": "x"}}, {}, "start: is no timestamp"),
        ({"path": "things"}, {}, "not 'things'; for example '/things'"),
        (
            {"name": "Thing"},
            {},
            "name: must be a lower-case word: letters, digits and '_', not 'Thing'; for example 'thing'",
        ),
        ({}, {"base_url": "http://api.example.org"}, "for example 'https://api.example.org/v1'"),
        ({}, {"base_url": "http://localhost.evil.org"}, "must be an https URL"),
        ({}, {"auth": {}}, "auth: one way to sign is wanted; here is none"),
        ({}, {"auth": {"bearer": "k3y-itself"}}, "a secret does not stand in a config"),
        ({}, {"auth": {"basic": {"user": "me"}}}, "give user and password, or key alone"),
        (
            {},
            {"auth": {"bearer": "env:A", "query": {"name": "k", "key": "env:A"}}},
            "one way to sign is wanted; here are bearer, query",
        ),
        ({}, {"headers": {"authorization": "Bearer x"}}, "a key belongs under `auth`"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_a_secret(
    use: Use, stream: dict[str, Any], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        use(stream, **settings)
    assert told in str(caught.value)
    assert "things.yaml:" in str(caught.value)
    assert "k3y-itself" not in str(caught.value)


def test_streams_of_one_name_must_agree(use: Use) -> None:
    with pytest.raises(ConfigError, match="different details"):
        use(streams=[GOOD, {**GOOD, "detail": {"path": "/things/{id}"}}])
    with pytest.raises(ConfigError, match="name it once"):
        use(streams=[{**GOOD, **SINCE, "incremental": {"field": "at"}}, GOOD])


def test_the_label_must_be_given(tmp_path: Path) -> None:
    path = tmp_path / "things.yaml"
    path.write_text(
        f"source: rest\nlake: {tmp_path}\nsettings: {{base_url: https://a.org, streams: [{json.dumps(GOOD)}]}}"
    )
    with pytest.raises(ConfigError, match=r"missing key 'label'"):
        Workspace({}).use(str(path), Wish())


def test_a_specification_names_the_streams_of_its_own_config(use: Use) -> None:
    assert use(top={"specification": {"thing": "Things"}}).config.specification == {"thing": "Things"}
    with pytest.raises(ConfigError, match=r"unknown stream 'thng'; did you mean 'thing'\?"):
        use(top={"specification": {"thng": "Things"}})


def test_streams_and_the_use_of_the_date_are_those_of_the_config(use: Use) -> None:
    plain = use(streams=[GOOD, {**GOOD, "name": "other"}, GOOD])
    assert (plain.source.streams, plain.source.dated) == (("thing", "other"), False)
    assert use({"params": {"on": "{date}"}}).source.dated
    assert use({"path": "/top/{year}"}).source.dated
