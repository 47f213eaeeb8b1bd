"""Workflows, the lock, and what the audit of it says: what a public project's neighbours can check."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
MAY_WRITE = {("release.yml", "attest"), ("release.yml", "publish"), ("release.yml", "layers")}


def jobs() -> list[tuple[str, str, dict[str, Any]]]:
    told = ((path.name, yaml.safe_load(path.read_text(encoding="utf-8"))) for path in WORKFLOWS)
    return [(file, name, job) for file, workflow in told for name, job in workflow["jobs"].items()]


def test_every_action_is_named_by_its_full_commit_and_its_version() -> None:
    lines = [line.strip() for path in WORKFLOWS for line in path.read_text(encoding="utf-8").splitlines()]
    used = [line.removeprefix("- ").removeprefix("uses: ") for line in lines if "uses:" in line]
    assert len(used) > 8
    for one in used:
        action, _, version = one.partition(" # ")
        assert PINNED.fullmatch(action), one
        assert re.fullmatch(r"v\d+\.\d+\.\d+", version), one


def test_a_workflow_has_no_rights_and_a_job_those_that_it_needs() -> None:
    assert len(WORKFLOWS) == 3
    for path in WORKFLOWS:
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"] == {}
    for file, name, job in jobs():
        writes = [right for right, level in job["permissions"].items() if level == "write"]
        assert bool(writes) == ((file, name) in MAY_WRITE), (file, name)
        assert job["timeout-minutes"] <= 60


def test_no_workflow_puts_what_strangers_wrote_into_a_shell() -> None:
    for file, name, job in jobs():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), (file, name)
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False, (file, name)


def test_what_ships_is_locked_by_hashes() -> None:
    lock = (ROOT / "layer" / "requirements.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^([a-z0-9-]+)==[^\s;]+(?: ; .*)? \\$", lock, re.MULTILINE)
    blocks = re.split(r"^(?=[a-z0-9-]+==)", lock, flags=re.MULTILINE)[1:]
    assert len(packages) == len(blocks) >= 10
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)


@pytest.mark.parametrize(
    ("told", "options", "code", "says"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], [], 0, "1 of 1 packages asked about, 0 advisories"),
        ([{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}], [], 1, "known: a 1: PYSEC-1"),
        ([{"name": "a", "skip_reason": "not found"}], [], 0, "audit skipped for a"),
        ([{"name": "a", "skip_reason": "not found"}], ["--must-answer"], 1, "audit skipped for a"),
        ([], [], 1, "0 of 0 packages"),
    ],
    ids=["clean", "known", "nobody answers", "must answer", "nothing asked"],
)
def test_an_audit_that_nobody_answered_is_not_one_that_found_nothing(
    tmp_path: Path, told: list[dict[str, Any]], options: list[str], code: int, says: str
) -> None:
    found = tmp_path / "found.json"
    found.write_text(json.dumps({"dependencies": told}))
    command = [sys.executable, str(ROOT / ".ci" / "audited.py"), str(found), *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == code
    assert says in ended.stdout
