"""A lake in a folder."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from ingest_core.codes import Code
from ingest_core.errors import CaseFoldedError, LakeError
from ingest_core.lake.port import Entry, Stored

TEMPORARY = ".ingest-tmp-"
NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
_NAMELESS = getattr(os, "O_TMPFILE", 0)  # Linux has it


class DiskLake:
    """Files below `root`.

    A file appears whole or not at all: it is written without a name, flushed to the disk, and linked to its place.
    Linking fails where the name exists, which is this lake's "only if absent". A disk keeps no metadata. On one that
    folds case, a key that lies there under another spelling is not this key.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._unsettled: set[Path] = set()
        self._made: set[Path] = set()
        self._folds_case: bool | None = None
        self._spelt: dict[Path, frozenset[str]] = {}
        self._mark = ""
        self._lock = threading.Lock()
        self._flushing = threading.Lock()

    @property
    def uri(self) -> str:
        return str(self._root)

    def put_if_absent(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        path = self._path(key)
        try:
            self._make_folder(path.parent)
            try:
                self._write_new(path, body)
            finally:
                self._name_changed(path)  # whoever finds the name taken relies on it as well
        except FileExistsError:
            if self._is_another(key, path):
                raise CaseFoldedError(
                    f"{path}: this disk folds case, and has another file by that name",
                    Code.LAKE_CASE,
                    hint="use names that differ by more than case, a disk that tells them apart, or S3",
                ) from None
            return False
        except OSError as error:
            raise _lake_error(path, error) from error
        return True

    def swap(self, key: str, body: bytes, seen: Stored | None, metadata: Mapping[str, str]) -> bool:
        """Compares and writes in two steps: the hold of whoever swaps keeps others from coming between."""
        if seen is None:
            return self.put_if_absent(key, body, metadata)
        now = self.get(key)
        if now is None or now.version != seen.version:
            return False
        self.put(key, body)
        return True

    @property
    def holds(self) -> bool:
        return True

    def hold(self, key: str) -> Callable[[], None] | None:
        """A lock of the operating system on a file of its own, which stays behind, empty.

        Temporary files are marked with the hold from now on: whoever has it next knows whose they were. Processes that
        are started to land under the hold have it, too (`close_fds=False`): it ends with the last of them.
        """
        from filelock import FileLock, Timeout  # not in the Lambda layer, whose lake is S3

        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _lake_error(path.parent, error) from error
        try:
            lock = FileLock(path, blocking=False, is_singleton=False, thread_local=False)
            lock.acquire()
        except Timeout:
            return None
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise _lake_error(path, error) from error
            raise LakeError(
                f"{path}: this file system has no locks ({error})", Code.LAKE_LOCKS, hint="choose another folder"
            ) from error
        except NotImplementedError as error:
            raise LakeError(
                f"{path}: this system has no locks ({error})", Code.LAKE_LOCKS, hint="choose another folder"
            ) from error
        _hand_down(path)
        self._mark = f"{hashlib.sha256(key.encode()).hexdigest()[:16]}-"
        return partial(lock.release, force=True)

    def tidy(self, prefix: str) -> None:
        top = self._path(prefix)
        try:
            for path in top.rglob(f"{TEMPORARY}{self._mark}*") if top.is_dir() else ():
                path.unlink(missing_ok=True)
        except OSError as error:
            raise _lake_error(top, error) from error

    def delete(self, key: str) -> None:
        path = self._path(key)
        try:
            if self._is_another(key, path):
                return
            path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            raise _lake_error(path, error) from error
        self._name_changed(path)

    def put(self, key: str, body: bytes) -> None:
        path = self._path(key)
        try:
            self._make_folder(path.parent)
            temporary = self._write_beside(path, body)
            try:
                temporary.replace(path)
                self._name_changed(path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise _lake_error(path, error) from error

    def get(self, key: str) -> Stored | None:
        path = self._path(key)
        try:
            body = path.read_bytes()
            if self._is_another(key, path):
                return None
            return Stored(body, version=hashlib.sha256(body).hexdigest())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _lake_error(path, error) from error

    def entries(self, prefix: str) -> Iterator[Entry]:
        top = self._path(prefix)
        try:
            files = [path for path in top.rglob("*") if path.is_file() and not path.name.startswith(TEMPORARY)]
            found = [Entry(path.relative_to(self._root).as_posix(), path.stat().st_size) for path in files]
        except OSError as error:
            raise _lake_error(top, error) from error
        yield from sorted(found, key=lambda entry: entry.key)

    def folders(self, prefix: str) -> list[str]:
        top = self._path(prefix)
        try:
            return sorted(path.name for path in top.iterdir() if path.is_dir()) if top.is_dir() else []
        except OSError as error:
            raise _lake_error(top, error) from error

    def settle(self) -> None:
        """Flushes each folder that got a name since the last call, once. A second caller waits for the first."""
        with self._flushing:
            with self._lock:
                folders, self._unsettled = self._unsettled, set()
            try:
                for folder in folders:
                    _flush_folder(folder)
            except BaseException:
                with self._lock:
                    self._unsettled |= folders
                raise

    def check_writable(self) -> None:
        probe = self._path(f"{TEMPORARY}probe-{uuid.uuid4().hex}")
        made = [folder for folder in (self._root, *self._root.parents) if not folder.exists()]
        try:
            self._make_folder(probe.parent)
            self._write_new(probe, b"")
            probe.unlink()
            for folder in made:
                folder.rmdir()
            self._made.clear()
        except OSError as error:
            raise _lake_error(self._root, error) from error

    def _is_another(self, key: str, path: Path) -> bool:
        """Whether what lies at the path of `key` has another name, but for case, or lies in a folder that has."""
        if not self._does_fold_case(path):
            return False
        folder = self._root
        for name in key.strip("/").split("/"):
            if name not in self._spelt.get(folder, ()):
                self._spelt[folder] = frozenset(entry.name for entry in folder.iterdir())
            if name not in self._spelt[folder]:
                return True
            folder /= name
        return False

    def _does_fold_case(self, there: Path) -> bool:
        """Found out once, by the first file that is there."""
        if self._folds_case is None and there.exists():
            swapped = there.with_name(there.name.swapcase())
            self._folds_case = swapped.exists() and swapped.samefile(there)
        return bool(self._folds_case)

    def _write_new(self, path: Path, body: bytes) -> None:
        """Writes a flushed file that has no name, then links it to `path`. Raises FileExistsError where that exists.

        A process that dies in between leaves nothing behind. Where the kernel or the file system cannot do that, the
        file has a temporary name first.
        """
        try:
            handle = os.open(path.parent, _NAMELESS | os.O_WRONLY, 0o666) if _NAMELESS else None
        except OSError as error:
            if error.errno not in {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT}:
                raise
            handle = None
        if handle is None:
            self._write_named(path, body)
            return
        with open(handle, "wb") as file:  # noqa: PTH123 -- it has no path
            file.write(body)
            file.flush()
            os.fsync(handle)
            try:
                # `src_dir_fd` makes Python call linkat(2) with AT_SYMLINK_FOLLOW; the path is absolute: it is unused.
                os.link(f"/proc/self/fd/{handle}", path, src_dir_fd=handle, follow_symlinks=True)
            except FileNotFoundError:  # no /proc
                self._write_named(path, body)

    def _write_named(self, path: Path, body: bytes) -> None:
        temporary = self._write_beside(path, body)
        try:
            os.link(temporary, path)
        finally:
            temporary.unlink()

    def _write_beside(self, path: Path, body: bytes) -> Path:
        """A flushed temporary file in the folder of `path`."""
        temporary = path.parent / f"{TEMPORARY}{self._mark}{uuid.uuid4().hex}"
        try:
            with temporary.open("xb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        return temporary

    def _make_folder(self, folder: Path) -> None:
        if folder in self._made:
            return
        folder.mkdir(parents=True, exist_ok=True)
        with self._lock:
            self._made.add(folder)
            self._unsettled.update(parent for parent in (folder, *folder.parents) if parent.is_relative_to(self._root))

    def _name_changed(self, path: Path) -> None:
        """The folder is to be flushed. Said after the name is there: a flush before it would count for nothing."""
        with self._lock:
            self._unsettled.add(path.parent)

    def _path(self, key: str) -> Path:
        parts = key.strip("/").split("/")
        if any(part in {"", ".", ".."} for part in parts) or "\0" in key:
            raise LakeError(f"key {key!r} does not stay below {self._root}", Code.LAKE_KEY)
        return self._root.joinpath(*parts)


def _hand_down(path: Path) -> None:
    """Lets processes that are started inherit the open file, and with it the lock that this one has on it."""
    handles = Path("/dev/fd")
    if not hasattr(os, "fork") or not handles.is_dir():
        return
    wanted = path.stat()
    for name in os.listdir(handles):  # noqa: PTH208 -- a handle that is closed meanwhile has no path any more
        with suppress(OSError):
            if os.path.samestat(os.fstat(int(name)), wanted):
                os.set_inheritable(int(name), True)


def _flush_folder(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise _lake_error(folder, error) from error


def _lake_error(path: Path, error: OSError) -> LakeError:
    hints = {
        errno.ENOSPC: "the disk is full: make room and run again; what has landed stays",
        errno.EACCES: "give this user the right to write there, or choose another folder",
        errno.EROFS: "that file system is read-only: choose another folder",
        errno.EPERM: "it may not be written to, or its file system has no hard links: choose another folder",
        errno.ENOTDIR: "a part of that path is a file: name a folder",
        errno.EEXIST: "that is a file: name a folder",
        errno.ENOENT: "that place cannot hold files: choose another folder",
        errno.ENOTSUP: "this file system does not support hard links: choose a folder on another one",
    }
    return LakeError(f"{path}: {error.strerror or error}", Code.LAKE_DISK, hint=hints.get(error.errno or 0, ""))
