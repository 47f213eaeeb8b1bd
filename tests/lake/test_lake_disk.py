"""What a folder alone does: it stays inside itself, and no failure leaves half a file."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest_core.errors import LakeError
from ingest_core.lake import DiskLake

KEY = "Raw/Things/7.json"


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize(
    "key", ["../out.json", "Raw/../../out.json", "Raw/..", "Raw//x.json", "Raw/./x.json", "", "a\0b"]
)
def test_a_key_that_leads_elsewhere_is_refused(tmp_path: Path, key: str) -> None:
    lake = DiskLake(tmp_path / "lake")
    for use in (lambda: lake.put(key, b"1"), lambda: lake.put_if_absent(key, b"1", {}), lambda: lake.get(key)):
        with pytest.raises(LakeError, match="does not stay below"):
            use()
    assert files_in(tmp_path) == []


def test_the_lake_is_the_folder_at_the_time_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lake = DiskLake(Path("here"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    lake.put(KEY, b"1")
    assert files_in(tmp_path) == [f"here/{KEY}"]


def test_an_unfinished_file_of_a_dead_process_is_no_entry(tmp_path: Path) -> None:
    lake = DiskLake(tmp_path)
    lake.put(KEY, b"1")
    (tmp_path / "Raw/Things/.ingest-tmp-0123").write_bytes(b"half")
    assert [entry.key for entry in lake.entries("Raw/")] == [KEY]


def test_whoever_has_the_hold_next_removes_what_its_dead_holder_left_and_nothing_of_others(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys; from ingest_core.lake import DiskLake; lake = DiskLake(pathlib.Path(sys.argv[1]));"
        "lake.hold(sys.argv[2]); sys.addaudithook(lambda event, _: event == 'os.rename' and os._exit(9));"
        f"lake.put({KEY!r}, b'half')"
    )
    for lock in ("_ingest/mine.lock", "_ingest/another.lock"):
        subprocess.run([sys.executable, "-c", program, str(tmp_path), lock], check=False)
    assert len(list((tmp_path / "Raw").rglob(".ingest-tmp-*"))) == 2
    lake = DiskLake(tmp_path)
    assert lake.hold("_ingest/mine.lock") is not None
    lake.put(KEY, b"1")
    lake.tidy("Raw/")
    lake.tidy("_ingest/none/")
    assert len(list((tmp_path / "Raw").rglob(".ingest-tmp-*"))) == 1
    assert [entry.key for entry in lake.entries("Raw/")] == [KEY]


@pytest.mark.parametrize("code", [errno.EOPNOTSUPP, errno.EISDIR], ids=["file system", "kernel"])
def test_where_no_file_can_be_without_a_name_it_has_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    open_ = os.open

    def refusing(path: object, flags: int, *more: int, **others: object) -> int:
        if flags & getattr(os, "O_TMPFILE", 0) == getattr(os, "O_TMPFILE", -1):
            raise OSError(code, os.strerror(code))
        return open_(path, flags, *more, **others)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(os, "open", refusing)
    lake = DiskLake(tmp_path)
    assert lake.put_if_absent(KEY, b"1", {}) is True
    assert lake.put_if_absent(KEY, b"2", {}) is False
    assert (tmp_path / KEY).read_bytes() == b"1"
    assert files_in(tmp_path) == [KEY]


def test_nothing_but_the_file_itself_is_left_after_a_write_and_after_a_lost_race(tmp_path: Path) -> None:
    lake = DiskLake(tmp_path)
    lake.put_if_absent(KEY, b"1", {})
    lake.put_if_absent(KEY, b"2", {})
    lake.put("Raw/Things/8.json", b"3")
    assert files_in(tmp_path) == [KEY, "Raw/Things/8.json"]


@pytest.mark.parametrize("call", ["fsync", "link"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EPERM])
def test_a_write_that_fails_is_an_error_with_the_path_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    lake = DiskLake(tmp_path / "lake")
    monkeypatch.setattr(os, call, failing(code))
    with pytest.raises(LakeError) as caught:
        lake.put_if_absent(KEY, b"1", {})
    assert str(tmp_path / "lake") in caught.value.what
    assert os.strerror(code) in caught.value.what
    assert files_in(tmp_path) == []


def test_a_full_disk_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(LakeError) as caught:
        DiskLake(tmp_path).put(KEY, b"1")
    assert "make room" in caught.value.hint


def test_a_failed_write_does_not_stand_in_the_way_of_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = DiskLake(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(os, "link", failing(errno.EIO))
        with pytest.raises(LakeError):
            lake.put_if_absent(KEY, b"1", {})
    assert lake.put_if_absent(KEY, b"1", {}) is True


def test_a_replacement_that_fails_leaves_no_temporary_file(tmp_path: Path) -> None:
    lake = DiskLake(tmp_path)
    (tmp_path / KEY).mkdir(parents=True)
    with pytest.raises(LakeError):
        lake.put(KEY, b"1")
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("use", ["put", "check"])
def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: str) -> None:
    # A user who may write anywhere, as in a container, meets no read-only folder: what the kernel says is put in.
    monkeypatch.setattr(Path, "open", failing(errno.EACCES))
    monkeypatch.setattr(os, "open", failing(errno.EACCES))
    lake = DiskLake(tmp_path)
    with pytest.raises(LakeError) as caught:
        lake.put(KEY, b"1") if use == "put" else lake.check_writable()
    assert str(tmp_path) in caught.value.what
    assert "right to write" in caught.value.hint


@pytest.mark.parametrize("use", ["put", "get", "check"])
def test_a_file_where_a_folder_should_be_is_an_error_with_its_path(tmp_path: Path, use: str) -> None:
    (tmp_path / "lake").write_text("a file")
    lake = DiskLake(tmp_path / "lake")
    with pytest.raises(LakeError, match="lake"):
        {"put": lambda: lake.put(KEY, b"1"), "get": lambda: lake.get(KEY), "check": lake.check_writable}[use]()


def test_a_folder_is_flushed_before_settling_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[Path] = []
    fsync = os.fsync

    def watch(handle: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{handle}").resolve())
        fsync(handle)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to see which folder is flushed")
    lake = DiskLake(tmp_path)
    lake.put(KEY, b"1")
    monkeypatch.setattr(os, "fsync", watch)
    lake.settle()
    assert set(flushed) == {tmp_path, tmp_path / "Raw", tmp_path / "Raw/Things"}


def test_settling_waits_for_a_flush_that_another_thread_has_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = DiskLake(tmp_path)
    lake.put(KEY, b"1")
    flushing, go_on, fsync = threading.Event(), threading.Event(), os.fsync

    def slow(handle: int) -> None:
        flushing.set()
        go_on.wait(10)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", slow)
    first, second = threading.Thread(target=lake.settle), threading.Thread(target=lake.settle)
    first.start()
    assert flushing.wait(10)
    second.start()
    second.join(0.3)
    is_waiting = second.is_alive()
    go_on.set()
    first.join(10)
    second.join(10)
    assert is_waiting


def test_a_folder_that_is_a_file_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "lake").write_bytes(b"")
    with pytest.raises(LakeError) as error:
        DiskLake(tmp_path / "lake").hold("_ingest/Things/things/2026-11-23/state.lock")
    assert "is a file: name a folder" in error.value.hint
    assert "locks" not in error.value.what
