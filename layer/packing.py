"""From a folder of installed packages to a zip: every file checked against its wheel, the same bytes each time."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

# The managed runtime brings boto3; the command line and locks on a disk stay at home; moto is for tests.
FORBIDDEN = frozenset({"boto3", "botocore", "click", "filelock", "moto", "rich", "s3transfer"})
# What an installer writes for itself: it differs from machine to machine and tells Python nothing.
_BOOKKEEPING = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"})
# What Lambda never runs. PyYAML reads a config of a page as well without libyaml, which alone is a quarter of the zip.
_UNUSED = (
    "yaml/_yaml.*.so",
    "_yaml/*",
    "jsonschema/tests/*",
    "jsonschema/benchmarks/*",
    "ingest_core/__main__.py",
    "ingest_core/cli/*",
    "ingest_core/query/*",
    "ingest_core/scaffold/*",
    "ingest_core/testing/*",
    "ingest_core/workers/*",
    "ingest_source_*/simulator/*",
)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can tell
_REGULAR_FILE = 0o100644 << 16
_UNIX = 3


class LayerError(Exception):
    """The layer cannot be built, or must not be used."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the layer: its path below `python/`, the distribution it came with, and its bytes."""

    name: str
    distribution: str
    body: bytes


def read_members(tree: Path) -> list[Member]:
    """The files of the layer, by name. Raises LayerError for one that its wheel does not vouch for."""
    vouched = {name: (dist, digest) for dist, name, digest in _records(tree)}
    members = []
    for path in sorted(path for path in tree.rglob("*") if path.is_file()):
        name = path.relative_to(tree).as_posix()
        if _left_out(PurePosixPath(name)):
            continue
        if name not in vouched:
            raise LayerError(f"{name} is in no wheel's RECORD: something else put it there")
        distribution, digest = vouched[name]
        body = path.read_bytes()
        if digest != _digest(body):
            raise LayerError(f"{name} is not what the wheel of {distribution} holds: this machine has changed it")
        members.append(Member(name, distribution, body))
    gone = sorted(name for name in vouched.keys() - {member.name for member in members} if _wanted(name))
    if gone:
        raise LayerError(f"{gone[0]} is in the RECORD of {vouched[gone[0]][0]} and not on the disk")
    refuse_forbidden(member.distribution for member in members)
    return members


def refuse_forbidden(distributions: Iterable[str]) -> None:
    """Raises LayerError where a package is among them that has no place in a layer."""
    found = sorted(FORBIDDEN & {normal(name) for name in distributions})
    if found:
        raise LayerError(f"{', '.join(found)} must not be in the layer: see layer/requirements.in")


def pack(members: Iterable[Member], target: Path) -> None:
    """Writes the zip. Order, times, modes and method are fixed, so that equal members give equal bytes."""
    with zipfile.ZipFile(target, "w") as archive:
        for member in sorted(members, key=lambda member: member.name):
            entry = zipfile.ZipInfo(f"python/{member.name}", _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _REGULAR_FILE
            archive.writestr(entry, member.body, zipfile.ZIP_DEFLATED, 9)


def normal(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _records(tree: Path) -> Iterator[tuple[str, str, str]]:
    """(distribution, file, digest) for each row of each RECORD: the digests are those that the wheel came with."""
    for record in sorted(tree.glob("*.dist-info/RECORD")):
        distribution = normal(record.parent.name.removesuffix(".dist-info").rsplit("-", 1)[0])
        with record.open(encoding="utf-8", newline="") as lines:
            for name, digest, _ in csv.reader(lines):
                yield distribution, name, digest


def _digest(body: bytes) -> str:
    """As RECORD spells it: URL-safe base64 without padding (the binary distribution format specification)."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()


def _wanted(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and path.parts[0] != ".." and not _left_out(path)


def _left_out(path: PurePosixPath) -> bool:
    if path.parts[0] == "bin" or "__pycache__" in path.parts or path.name == ".lock":
        return True
    if any(fnmatch(str(path), pattern) for pattern in _UNUSED):
        return True
    return path.parts[0].endswith(".dist-info") and path.name in _BOOKKEEPING
