"""TMDB's popular list, once by its plugin and once by YAML: the same bytes under the same keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ingest_source_tmdb.simulator import Options, Simulator

from ingest_core.assembly import Wish, Workspace
from ingest_core.model import Status

EXAMPLE = Path(__file__).parents[3] / "config/examples/tmdb_popular.yaml"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(Options(movies=200, missing=0.05)) as running:
        yield running


def landed(folder: Path, config: Path, simulator: Simulator, overrides: dict[Any, Any]) -> dict[str, bytes]:
    base_url = {("settings", "base_url"): ("test", simulator.base_url), ("rate",): ("test", 1000)}
    wish = Wish(date="2026-11-23", lake=str(folder), overrides={**base_url, **overrides})
    report = Workspace({"TMDB_TOKEN": simulator.options.token}).run(str(config), wish)
    assert report.status is Status.DONE, report
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in (folder / "Raw").rglob("*.json")}


@pytest.mark.parametrize("detail", [True, False])
def test_tmdb_by_yaml_lands_the_bytes_that_its_plugin_lands(tmp_path: Path, simulator: Simulator, detail: bool) -> None:
    settings = {
        "language": "pt-BR",
        "detail": detail,
        "append": ["credits", "keywords", "external_ids"],
        "select": [{"list": "movie/popular", "pages": 5}],
    }
    plugin = {"source": "tmdb", "lake": "lake", "specification": {"movie": "Movies"}, "settings": settings}
    (tmp_path / "tmdb.yaml").write_text(yaml.safe_dump(plugin))
    by_plugin = landed(tmp_path / "plugin", tmp_path / "tmdb.yaml", simulator, {})
    document = yaml.safe_load(EXAMPLE.read_text())
    if not detail:
        del document["settings"]["streams"][0]["detail"]
    (tmp_path / "tmdb_popular.yaml").write_text(yaml.safe_dump(document))
    by_yaml = landed(tmp_path / "yaml", tmp_path / "tmdb_popular.yaml", simulator, {})
    assert len(by_yaml) > 90
    assert by_yaml == by_plugin
