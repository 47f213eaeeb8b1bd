"""A contract test asks no real API: what answers is named, or the class says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = """
from pathlib import Path
from ingest_core.testing import SourceContract

class TestThings(SourceContract):
    config = Path(__file__).parent / "things.yaml"
"""
CONFIG = """
source: rest
label: Things
lake: lake
answers: null
settings:
  base_url: https://api.example.org/v1
  streams: [{name: thing, path: /things, rows: things, id: id}]
"""


def test_a_config_without_answers_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "things.yaml").write_text(CONFIG)
    (tmp_path / "test_things.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "passed" not in ended.stdout
    assert "nothing answers for rest: a contract test asks no real API" in ended.stdout
