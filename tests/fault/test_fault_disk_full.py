"""A disk that fills up in the middle of a run: on a small tmpfs where mounting is permitted, and made to say so."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crash.launch import FULL, Step
from crash.servers import Api
from crash.shelf import Folder
from crash.site import Site, Task
from crash.starts import Start
from crash.verdict import judge

FAILED = 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a tmpfs is not permitted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("batch", [0, 10])
def test_what_landed_stays_when_the_disk_is_full_and_the_next_run_goes_on(
    small_disk: Path, tmp_path: Path, made_up: Api, warm: Start, task: Callable[..., Task], batch: int
) -> None:
    site, date = Site(tmp_path / "site", Folder(small_disk / "lake"), made_up, warm), task(400, 40, batch)
    site.configure(date)
    assert site.run(date).ended() == FAILED
    assert "the disk is full: make room and run again" in site.said.read_text()
    subprocess.run(["mount", "-o", "remount,size=32m", str(small_disk)], check=True)
    assert site.run(date).ended() == 0
    assert judge(site, date).faults == {}


@pytest.mark.parametrize("number", [1, 2, 5, 13, 34])
def test_wherever_a_write_finds_no_room_the_next_run_goes_on(
    disk_site: Site, task: Callable[..., Task], number: int
) -> None:
    date = task(12, 8)
    disk_site.configure(date)
    assert disk_site.run(date, step=Step(number, FULL)).ended() == FAILED
    assert disk_site.run(date).ended() == 0
    assert judge(disk_site, date).faults == {}
    assert disk_site.forgotten() == []
