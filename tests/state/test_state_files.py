"""The framework's own files: they come back as they were, and an unknown format is refused by name."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from ingest_core.errors import LakeError
from ingest_core.model import Batch, Slice
from ingest_core.state import (
    FORMAT,
    Absent,
    BatchFile,
    Frozen,
    Intent,
    Landed,
    Manifest,
    Part,
    Phase,
    PlanSegment,
    Provenance,
    Quarantined,
    RunState,
    decode,
    encode,
)

CAME = dt.datetime(2026, 11, 23, 23, 59, 59, 123456, tzinfo=dt.UTC)
ORIGIN = Provenance("https://api.example.org/things?page=1", 200, CAME, 2, 'W/"1"')
SLICE = Slice("list-p2", {"page": 2, "deep": {"é": [1, None, True]}}, "thing", ("1", "2"), requests=3, records=4)
FILES: list[Any] = [
    Part(FORMAT, "empty"),
    Part(
        FORMAT,
        "list-p1",
        (Landed("thing", "7", "Raw/x/7.json", "00ff", 12, "present", ORIGIN), Landed("thing", "é/8", "k", "s", 0)),
        (Absent("thing", "9", "404 Not Found"),),
        (Absent("thing", "", "bad id", "_ingest/q/0.json"),),
        ("10",),
        (("thing", "11"), ("person", "12")),
        {"since_id": "99", "page": {"n": 1}},
        (("movie/popular", "500 pages of 600"),),
        (SLICE,),
    ),
    PlanSegment(FORMAT, 1, 2, 7, True, (SLICE, Slice("x")), "00", {"since": None}, {"since": 2}),
    Intent(FORMAT, "list-p1", 2, (Landed("thing", "7", "k", "00ff", 12, line="11ee"),), (BatchFile("k", "22", 13),)),
    RunState(
        FORMAT, "things", "2026-11-23", Phase.OPEN, 2, 5, "00ab",
        Frozen("things", {"a": [1]}, ("thing",), {"thing": "T"}, Batch(7)), CAME, CAME, 3, "host:7", 10, 4, True,
    ),
    Quarantined(FORMAT, "thing", "7", "malformed", "list-p1", text="<html>", origin=ORIGIN),
    Quarantined(FORMAT, "thing", "7", "malformed", "list-p1", base64=b"\xff\x00"),
    Manifest(
        FORMAT, "things/2026-11-23/g1", "things", "things", "Things", "2026-11-23", 1, CAME, CAME, (1, 2), ("a", "b"),
        {"records": 2}, {"since_id": "99"}, (("list", "why"),),
    ),
]  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=lambda file: type(file).__name__)
def test_a_file_comes_back_as_it_was(file: Any) -> None:
    assert decode(encode(file), type(file), "key.json") == file


@pytest.mark.parametrize("file", FILES, ids=lambda file: type(file).__name__)
def test_every_file_says_its_format_first(file: Any) -> None:
    assert next(iter(json.loads(encode(file)).items())) == ("format", 1)


def test_bytes_that_are_no_text_are_kept_as_base64() -> None:
    told = json.loads(encode(FILES[6]))
    assert base64.b64decode(told["base64"]) == b"\xff\x00"
    assert "text" not in told


@pytest.mark.parametrize(
    "body",
    [b'{"format": 2, "slice": "a"}', b'{"format": "1"}', b'{"slice": "a"}', b"[]", b"", b"not json", b"\xff"],
    ids=repr,
)
def test_a_format_that_is_not_known_is_refused_with_the_name_of_the_file(body: bytes) -> None:
    with pytest.raises(LakeError, match=r"_ingest/Things/parts/a\.json: format"):
        decode(body, Part, "_ingest/Things/parts/a.json")


@pytest.mark.parametrize("body", [b'{"format": 1}', b'{"format": 1, "slice": 7}'], ids=repr)
def test_a_known_format_with_something_else_in_it_is_refused_with_the_name_of_the_file(body: bytes) -> None:
    with pytest.raises(LakeError, match=r"_ingest/Things/parts/a\.json: not a file of ingest_core"):
        decode(body, Part, "_ingest/Things/parts/a.json")


DECODED_BY_MANY_AT_ONCE = """
import os, sys, threading
from ingest_core.state import FORMAT, Landed, Part, decode, encode
body = encode(Part(FORMAT, "a", records=tuple(Landed("s", str(id), "k", "h", 3) for id in range(50))))
sys.setswitchinterval(1e-6)
for _ in range(60):
    child = os.fork()
    if child == 0:
        together = threading.Barrier(8)
        work = lambda: (together.wait(), decode(body, Part, "k"))
        threads = [threading.Thread(target=work) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status != 0:
        sys.exit(f"a process ended with status {status}")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each first time wants a process of its own")
def test_threads_that_are_the_first_to_decode_a_file_do_not_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", DECODED_BY_MANY_AT_ONCE], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
