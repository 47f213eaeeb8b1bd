"""HTTP clients for the API's side of a run: python bench/http_clients.py [--requests 4000] [--threads 16] [--rounds 5]

CPU a request of each, in a process of its own, in turns, against nginx on loopback. What is not installed is left out:
`pip install pyreqwest` for that one.
"""

from __future__ import annotations

import argparse
import http.client
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from static_api import static_api

HEADERS = {"Accept": "application/json", "Authorization": "Bearer none-is-asked-for", "User-Agent": "bench"}
BODIES = 2000
MOST_BYTES = 32 * 1024 * 1024
SECONDS = 30
WARM_UP = 200
Got = tuple[int, bytes]
Get = Callable[[str], Got]


def session(url: str, threads: int) -> Callable[[], Get]:
    import requests

    shared = requests.Session()
    shared.trust_env = False
    shared.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=threads))

    def get(url: str) -> Got:
        answer = shared.get(url, headers=HEADERS, timeout=SECONDS, allow_redirects=False)
        return answer.status_code, answer.content

    return lambda: get


def _transport(transport: Any) -> Callable[[], Get]:
    from ingest_core.api import HttpRequest

    def get(url: str) -> Got:
        answer = transport.send(HttpRequest(url, HEADERS), seconds=SECONDS, max_bytes=MOST_BYTES)
        return answer.status, answer.body

    return lambda: get


def ours(url: str, threads: int) -> Callable[[], Get]:
    from ingest_core.api.transport_requests import RequestsTransport, new_session

    return _transport(RequestsTransport(new_session(threads)))


def ours_fast(url: str, threads: int) -> Callable[[], Get]:
    from ingest_core.api.transport_native import NativeTransport

    return _transport(NativeTransport(threads))


def standard_library(url: str, threads: int) -> Callable[[], Get]:
    def make() -> Get:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=SECONDS)

        def get(wanted: str) -> Got:
            connection.request("GET", wanted.removeprefix(url), headers=HEADERS)
            answer = connection.getresponse()
            return answer.status, answer.read()

        return get

    return make


def pycurl_alone(url: str, threads: int) -> Callable[[], Get]:
    import pycurl

    def make() -> Get:
        curl = pycurl.Curl()
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.TIMEOUT, SECONDS)
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in HEADERS.items()])

        def get(wanted: str) -> Got:
            lines: list[bytes] = []
            pieces: list[bytes] = []
            curl.setopt(pycurl.URL, wanted)
            curl.setopt(pycurl.HEADERFUNCTION, lines.append)
            curl.setopt(pycurl.WRITEFUNCTION, pieces.append)
            curl.perform()
            return curl.getinfo(pycurl.RESPONSE_CODE), b"".join(pieces)

        return get

    return make


def pyreqwest(url: str, threads: int) -> Callable[[], Get]:
    from pyreqwest.client import SyncClientBuilder

    builder = SyncClientBuilder().follow_redirects(False).no_proxy().timeout(timedelta(seconds=SECONDS))
    client = builder.max_connections(threads).pool_max_idle_per_host(threads).gzip(False).build()

    def get(url: str) -> Got:
        with client.get(url).headers(HEADERS).build_streamed() as answer:
            pieces = []
            while (piece := answer.body_reader.read_chunk()) is not None:
                pieces.append(piece)
            return answer.status, b"".join(pieces)

    return lambda: get


CLIENTS: dict[str, tuple[str, Callable[[str, int], Callable[[], Get]]]] = {
    "requests.Session": ("requests", session),
    "ours, by default": ("requests", ours),
    "ours, fast": ("pycurl", ours_fast),
    "http.client": ("http", standard_library),
    "pycurl": ("pycurl", pycurl_alone),
    "pyreqwest": ("pyreqwest", pyreqwest),
}


def measure(name: str, url: str, count: int, threads: int) -> tuple[float, float]:
    """CPU µs a request, and the largest resident set in MB."""
    make = CLIENTS[name][1](url, threads)
    lane_of = threading.local()

    def fetch(todo: deque[int]) -> None:
        lane_of.get = make()
        while todo:
            try:
                number = todo.popleft()
            except IndexError:
                return
            status, body = lane_of.get(f"{url}/movie/{number % BODIES}")
            if status != 200 or not body:
                raise RuntimeError(f"{name}: {status}")

    for wanted in (WARM_UP, count):
        todo = deque(range(wanted))
        lanes = [threading.Thread(target=fetch, args=(todo,)) for _ in range(threads)]
        before = time.process_time()
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        if todo:
            raise RuntimeError(f"{name}: its threads ended early")
    used = time.process_time() - before
    return used / count * 1e6, _most_resident_mb()


def _most_resident_mb() -> float:
    """Of this process since it began; `getrusage` would tell the parent's where that was larger."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", nargs=2, metavar=("NAME", "URL"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(*measure(asked.one[0], asked.one[1], asked.requests, asked.threads))
        return 0
    dice = random.Random(1)
    bodies = {str(n): dice.randbytes(dice.randint(5_000, 20_000)) for n in range(BODIES)}
    names = [name for name, (module, _) in CLIENTS.items() if find_spec(module)]
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    counts = ["--requests", str(asked.requests), "--threads", str(asked.threads)]
    with static_api(bodies) as api:
        for _ in range(asked.rounds):
            for name in names:
                command = [sys.executable, __file__, "--one", name, api.url, *counts]
                told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
                found[name].append((float(told[0]), float(told[1])))
    print("| client | CPU µs a request: median (least-most) | max RSS MB |\n|---|--:|--:|")
    for name, each in found.items():
        cpu = [one[0] for one in each]
        rss = statistics.median(one[1] for one in each)
        print(f"| {name} | {statistics.median(cpu):.0f} ({min(cpu):.0f}-{max(cpu):.0f}) | {rss:.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
