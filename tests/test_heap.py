"""All threads of a process take memory from one heap, where they are asked to."""

from __future__ import annotations

import subprocess
import sys

import pytest

# How many heaps glibc has made: malloc_info tells them as XML.
COUNTED = """
import ctypes, re, sys, tempfile, threading
{before}
kept, ready = [], threading.Barrier(8)

def take():
    ready.wait()
    kept.append(bytearray(100_000))

threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as told:
    file = ctypes.c_void_p(libc.fopen(told.name.encode(), b"w"))
    libc.malloc_info(0, file)
    libc.fclose(file)
    print(len(re.findall(rb"<heap nr", told.read())))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_there_is_one_heap() -> None:
    def heaps(before: str) -> int:
        code = COUNTED.format(before=before)
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        if "malloc_info" in ended.stderr:
            pytest.skip("another libc than glibc")
        return int(ended.stdout)

    assert heaps("") > 1
    assert heaps("from ingest_core.heap import share_heap; share_heap()") == 1
