"""What each verb says, and where: data on standard output, all else on standard error."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ingest_source_tmdb.simulator import Simulator

Ingest = Callable[..., Any]


def test_list_names_the_sources_and_where_they_come_from(ingest: Ingest) -> None:
    ended = ingest("list")
    assert ended.code == 0
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["tmdb", "TMDB", "0.1.0", "ingest-source-tmdb"] in lines
    assert ["twitter_stub", "Twitter", "0.1.0", "ingest-source-twitter-stub"] in lines
    assert "not endorsed or certified by TMDB" in ended.out


def test_list_as_json_is_one_document(ingest: Ingest) -> None:
    told = json.loads(ingest("list", "--json").out)
    labels = {source["name"]: source["label"] for source in told["sources"]}
    assert labels["tmdb"] == "TMDB"
    assert labels["twitter_stub"] == "Twitter"
    assert told["broken"] == []


def test_check_says_ok_line_by_line(ingest: Ingest, home: Path) -> None:
    ended = ingest("check", "tmdb")
    assert ended.code == 0
    assert [line.split()[:2] for line in ended.out.splitlines()] == [
        ["ok", "config"], ["ok", "secrets"], ["ok", "api"], ["ok", "lake"]
    ]  # fmt: skip
    assert [path for path in (home / "lake").rglob("*") if path.is_file()] == []


def test_check_offline_asks_nothing(ingest: Ingest, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMDB_TOKEN")
    served = simulator.served
    ended = ingest("check", "tmdb", "--offline", "--lake", "s3://nowhere-at-all")
    assert (ended.code, simulator.served) == (0, served)


def test_check_stamps_a_config_that_is_well_and_says_when_the_stamp_has_gone_stale(ingest: Ingest, home: Path) -> None:
    config, stamp = home / "conf/tmdb.yaml", home / "conf/tmdb.stamp.json"
    assert "stamp" not in ingest("check", "tmdb", "--offline").out
    assert not stamp.exists()
    ended = ingest("check", "tmdb", "--offline", "--stamp")
    assert ended.code == 0
    assert "tmdb.stamp.json written" in " ".join(ended.out.split())
    assert "of this very config" in ingest("check", "tmdb", "--offline").out
    assert ingest("run", "tmdb", "--limit", "1").code == 0
    config.write_text(config.read_text().replace("rate: 1000", "rate: 999"))
    stale = ingest("check", "tmdb", "--offline")
    assert stale.code == 0
    assert "of another text" in stale.out
    assert "ingest check tmdb --stamp" in stale.out


def test_check_stamps_nothing_that_is_wrong_and_judges_whatever_a_stamp_says(ingest: Ingest, home: Path) -> None:
    config, stamp = home / "conf/tmdb.yaml", home / "conf/tmdb.stamp.json"
    assert ingest("check", "tmdb", "--offline", "--stamp").code == 0
    # As whoever forges it would: the digest of the wrong config, and its value.
    config.write_text(config.read_text().replace("rate: 1000", "rate: 0"))
    told = json.loads(stamp.read_text())
    told |= {"config": hashlib.sha256(config.read_bytes()).hexdigest(), "value": {**told["value"], "rate": 0}}
    stamp.write_text(json.dumps(told))
    ended = ingest("check", "tmdb", "--offline")
    assert (ended.code, "must be more than 0" in ended.out) == (2, True)
    stamp.unlink()
    assert ingest("check", "tmdb", "--offline", "--stamp").code == 2
    assert not stamp.exists()


def test_check_without_a_token_says_which_variable(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMDB_TOKEN")
    ended = ingest("check", "tmdb")
    assert ended.code == 4
    assert "TMDB_TOKEN is not set" in ended.out


def test_check_with_a_wrong_token_says_which_variable_and_not_its_value(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_TOKEN", "not-a-token-of-anybody")
    ended = ingest("check", "tmdb", "--json")
    assert ended.code == 4
    found = {finding["what"]: finding for finding in json.loads(ended.out)}
    assert {what: finding["ok"] for what, finding in found.items()} == {
        "config": True, "secrets": True, "api": False, "lake": True
    }  # fmt: skip
    assert "env:TMDB_TOKEN" in found["api"]["hint"]
    assert "not-a-token-of-anybody" not in ended.out + ended.err


def test_check_of_a_lake_that_cannot_be_is_not_ok(ingest: Ingest, home: Path) -> None:
    (home / "lake").write_text("a file")
    ended = ingest("check", "tmdb")
    assert ended.code == 1
    assert "not ok lake" in ended.out


def test_check_with_an_api_key_wants_no_token(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch, simulator: Simulator
) -> None:
    monkeypatch.delenv("TMDB_TOKEN")
    monkeypatch.setenv("TMDB_API_KEY", simulator.options.api_key)
    assert ingest("check", "tmdb", "--set", "api_key=env:TMDB_API_KEY").code == 0


def test_plan_names_slices_and_costs_and_asks_nothing(ingest: Ingest, home: Path, simulator: Simulator) -> None:
    served = simulator.served
    ended = ingest("plan", "tmdb", "--json", "--date", "2026-11-23")
    told = json.loads(ended.out)
    assert (ended.code, simulator.served) == (0, served)
    assert told["date"] == "2026-11-23"
    assert [slice["ids"] for slice in told["slices"]] == [[], ["11", "12"]]
    assert told["estimate"]["requests"] == 2 + 40 + 2
    assert told["estimate"]["records"] == 42
    assert not (home / "lake").exists()
    assert "2 slices to begin with" in ingest("plan", "tmdb").out


@pytest.mark.parametrize("layout", ["record", "batch"])
def test_preview_is_one_record_a_line_and_lands_nothing(
    ingest: Ingest, home: Path, simulator: Simulator, layout: str
) -> None:
    ended = ingest("preview", "tmdb", "-n", "3", "--set", f"layout={layout}")
    lines = ended.out.splitlines()
    assert (ended.code, len(lines)) == (0, 3)
    for line in lines:
        id = json.loads(line)["id"]
        assert json.loads(line) == json.loads(simulator.answer(f"/movie/{id}")[1])
    assert not (home / "lake").exists()


@pytest.mark.parametrize("source", ["tmdb", "twitter_stub"])
def test_invoke_is_the_handler(ingest: Ingest, home: Path, source: str) -> None:
    (home / "event.json").write_text(json.dumps({"source": source, "date": "2026-11-23T06:00:00Z"}))
    ended = ingest("invoke", "event.json")
    answer = json.loads(ended.out)
    assert (ended.code, answer["status"], answer["source"], answer["date"]) == (0, "done", source, "2026-11-23")
    label = {"tmdb": "TMDB", "twitter_stub": "Twitter"}[source]
    assert answer["manifest"] == f"_ingest/{label}/{source}/2026-11-23/g1/manifest.json"
    assert answer["counts"]["records"] == len(list((home / f"lake/Raw/{label}/JSON/2026/11/23").iterdir()))


def test_invoke_writes_one_document_on_standard_output(ingest: Ingest, home: Path) -> None:
    (home / "event.json").write_text('{"source": "twitter_stub"}')
    assert json.loads(ingest("invoke", "event.json").out)["status"] == "done"


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ('{"source": "tmdb", "lake": "s3://x"}', "unknown 'lake'"),
        ('{"source": "../tmdb"}', "name of a config"),
        ('{"source": "tmdb", "limit": 0}', "limit"),
        ('{"source": "nobody"}', "unknown source 'nobody'"),
        ("[]", "not an object"),
        ("not json", "not JSON"),
    ],
)
def test_invoke_with_a_wrong_event_is_a_usage_error(ingest: Ingest, home: Path, event: str, says: str) -> None:
    (home / "event.json").write_text(event)
    ended = ingest("invoke", "event.json")
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


def test_invoke_without_its_file_is_a_usage_error(ingest: Ingest) -> None:
    ended = ingest("invoke", "nothing.json")
    assert ended.code == 2
    assert "nothing.json" in ended.err


def test_the_demo_shows_the_whole_thing_without_a_key(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMDB_TOKEN")
    ended = ingest("demo")
    assert ended.code == 0
    assert "s3://demo-lake" in ended.out
    assert "movie-603.json" in ended.out or "more," in ended.out
    assert "manifest.json" in ended.out
    assert "simulator-read-token" not in ended.out + ended.err
    assert ended.out.splitlines()[-1].startswith("next ingest check tmdb ")


def test_a_source_without_a_demo_says_so(ingest: Ingest) -> None:
    ended = ingest("demo", "twitter_stub")
    assert ended.code == 2
    assert "has no demo" in ended.err


def test_an_unknown_source_does_not_hide_the_other_mistakes(ingest: Callable[..., Any], home: Path) -> None:
    (home / "conf/odd.yaml").write_text("source: tmbd\nlabel: X\nlake: lake\nrate: fast\nsettings: {whatever: 1}\n")
    ended = ingest("check", "odd", "--offline")
    assert ended.code == 2
    assert "odd.yaml:1:9: unknown source 'tmbd'; did you mean 'tmdb'?" in ended.out
    assert "odd.yaml:4:7: rate: must be a number, not 'fast'" in ended.out
    assert "whatever" not in ended.out


@pytest.mark.parametrize(("words", "lists"), [((), "new-source"), (("state",), "reset")])
def test_a_group_alone_says_what_there_is(ingest: Ingest, words: tuple[str, ...], lists: str) -> None:
    ended = ingest(*words)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Usage: ")
    assert lists in ended.out
    assert ended.out == ingest(*words, "--help").out


def test_a_misspelt_verb_is_suggested(ingest: Ingest) -> None:
    for words, says in ((("rnu",), "ingest has no verb 'rnu'; did you mean 'run'?"), (("state", "shwo"), "'show'?")):
        ended = ingest(*words)
        assert (ended.code, ended.out) == (2, "")
        assert says in ended.err


@pytest.mark.parametrize("config", ["broken", "another"])
def test_a_plugin_that_does_not_import_is_told_where_its_source_is_not_known(
    ingest: Ingest, home: Path, monkeypatch: pytest.MonkeyPatch, config: str
) -> None:
    (home / "plugins").mkdir()
    (home / "plugins/broken.py").write_text("import nothing_there\n")
    monkeypatch.setenv("INGEST_PLUGINS", "plugins")
    (home / "conf/another.yaml").write_text("source: its_source\nlake: lake\n")
    ended = ingest("run", config)  # a config of that name there is not, or its source is of that plugin
    assert ended.code == 2
    why = "plugins/broken.py cannot be used: it does not import: ModuleNotFoundError: No module named 'nothing_there'"
    assert why in ended.err
