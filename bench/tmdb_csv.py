"""A CSV of IMDb ids, as the challenge has it: 50,000 rows, 20,000 ids, killed once on the way, in S3."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from ingest_source_tmdb.simulator import Options, Simulator
from servers import BUCKET, S3, s3
from tmdb_runs import Home, home, records_in, require

ROWS, IDS = 50_000, 20_000
MOVIES, GONE, SHOWS, MERGED, BROKEN = 18_480, 1_000, 300, 200, 20
PREFIX = "Raw/Local/CSV/Movies/2026/11/22/movies.csv"
DATE = "2026-11-23"
HEADER = "id|tituloPincipal|anoLancamento|genero|nomeArtista"
RATE = 2_000
MOST_BYTES, MOST_RECORDS = 10_000_000, 100


def csv_of_imdb_ids() -> Iterator[str]:
    """Lands it, kills it, lands the rest; then counts everything against the simulator."""
    options = Options(movies=40_000, shows=5_000, faults=0.005)
    with Simulator(options) as simulator, s3() as store, home(simulator) as place:
        place.environment, place.lake = store.environment, f"s3://{BUCKET}"
        store.empty()
        ids = _write_csv(place.folder / "movies.csv", random.Random(7))
        client = _client(store)
        client.upload_file(str(place.folder / "movies.csv"), BUCKET, PREFIX)
        place.configure(
            [{"ids": {"csv": f"s3://{BUCKET}/{PREFIX}", "separator": "|", "null": "\\N"}, "as": "movie"}],
            settings={"append": ["external_ids"]},
            rate=RATE,
            layout="batch",
            max_failed=BROKEN,
        )
        killed = _killed_at_half(place, client)
        asked_before = len(simulator.log)
        report, cost = place.run("--date", DATE)
        _download(client, place.folder / "landed")
        yield from _judged(simulator, ids, report, place.folder)
        yield from (
            "",
            f"Killed by SIGKILL after {killed['parts']} of {killed['slices']:,} slices had their part "
            f"({asked_before:,} requests); peak memory until then {killed['rss_mb']:.0f} MB. The same command "
            f"again: {cost['wall']:.0f} s, peak memory {cost['rss_mb']:.0f} MB, "
            f"CPU {cost['user'] + cost['system']:.0f} s.",
        )


def _write_csv(path: Path, chance: random.Random) -> list[str]:
    """One row for each title and artist; returns the distinct ids."""
    numbers = chance.sample(range(1, 40_001), MOVIES)
    ids = [f"tt{10_000_000 + 2 * number}" for number in numbers]
    ids += [f"tt{30_000_000 + number}" for number in numbers[:MERGED]]  # a second id of a film that is there already
    ids += [f"tt{10_000_001 + 2 * number}" for number in range(1, SHOWS + 1)]
    ids += [f"tt{90_000_000 + number}" for number in range(GONE)]
    ids += [f"row {number}" for number in range(BROKEN)]
    require(len(set(ids)) == IDS, f"{IDS:,} distinct ids")
    rows = ids + chance.choices(ids, k=ROWS - IDS - 100) + ["\\N"] * 100
    chance.shuffle(rows)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        for number, id in enumerate(rows):
            file.write(f'{id}|"Título {number}|{1920 + number % 100}|Drama,Romance|Artista {number}\n')
    return ids


def _killed_at_half(place: Home, client: Any) -> dict[str, Any]:
    """Starts the run, and kills it when half of round 0 has its parts."""
    process = subprocess.Popen(
        place.command("--date", DATE), env=place.env(), cwd=place.folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    slices, parts = IDS // 100 + 1, 0
    while parts < slices // 2:
        if process.poll() is not None:
            raise SystemExit(f"the run ended by itself with {process.returncode}, before it was killed")
        time.sleep(0.2)
        parts = _count(client, f"_ingest/TMDB/tmdb/{DATE}/g1/parts/")
    peak = next(line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "VmHWM" in line)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(1)  # what it had sent is answered
    return {"parts": parts, "slices": slices, "rss_mb": int(peak.split()[1]) * 1024 / 1e6}


def _judged(simulator: Simulator, ids: list[str], report: dict[str, Any], folder: Path) -> Iterator[str]:
    """Everything against the simulator's own data."""
    truth = {id: _found(simulator, id) for id in ids}
    found = {number for number in truth.values() if number is not None}
    counts, files = report["counts"], sorted((folder / "landed").rglob("*.json"))
    landed: Counter[int] = Counter()
    sizes = []
    for path, lines in records_in(iter(files)):
        sizes.append((len(lines), path.stat().st_size))
        landed.update(json.loads(line)["id"] for line in lines)
    require(report["status"] == "done", f"the run is done: {report['error']}")
    require(set(landed) == found and set(landed.values()) == {1}, "every film is there, once")
    require(max(size for _, size in sizes) <= MOST_BYTES and max(n for n, _ in sizes) <= MOST_RECORDS, "the bounds")
    leading = sum(number is not None for number in truth.values())
    missing = IDS - leading - BROKEN
    duplicates = (ROWS - 100 - IDS) + (leading - len(found))
    require((counts["records"], counts["missing"], counts["rejected"]) == (len(found), missing, BROKEN), f"{counts}")
    require(counts["duplicates"] == duplicates, f"{duplicates} duplicates, and not {counts['duplicates']}")
    asked = Counter(entry.path for entry in simulator.log if entry.status == 200 and not entry.fault)
    again = sum(count - 1 for count in asked.values())
    joined, titles = _join(folder)
    require(joined == sum(1 for id, number in truth.items() if number is not None and not _is_second(id)), f"{joined}")
    yield "## A CSV of 50,000 rows in S3, batch layout, killed once and resumed"
    yield ""
    yield "| what | count |"
    yield "|---|---|"
    yield f"| rows of the CSV, {100} of them without an id | {ROWS:,} |"
    yield f"| distinct ids | {IDS:,} |"
    yield f"| → films found, landed once each | {counts['records']:,} |"
    yield f"| → second ids of such a film (merged in IMDb) | {leading - len(found):,} |"
    yield f"| → not found: {GONE:,} that nobody has, {SHOWS} shows | {counts['missing']:,} |"
    yield f"| → failed: {BROKEN} cells that are no id, in the quarantine | {counts['rejected']:,} |"
    yield f"| duplicates: {ROWS - 100 - IDS:,} rows, {leading - len(found)} after `/find` | {counts['duplicates']:,} |"
    largest = f"{max(size for _, size in sizes):,} bytes"
    yield f"| files, none over 100 records or 10 MB (largest: {largest}) | {len(files):,} |"
    yield f"| requests that were answered, of both attempts | {sum(asked.values()):,} |"
    yield f"| of those, asked for a second time because of the kill | {again:,} |"
    yield f"| ids of the CSV that DuckDB joins with a landed `imdb_id` | {joined:,} |"
    yield f"| rows of that join | {titles:,} |"


def _found(simulator: Simulator, id: str) -> int | None:
    if not id.startswith("tt"):
        return None
    rows = json.loads(simulator.answer(f"/find/{id}", {"external_source": "imdb_id"})[1])["movie_results"]
    return rows[0]["id"] if rows else None


def _is_second(id: str) -> bool:
    """Whether a film that is found by this id says another as its imdb_id."""
    return 30_000_000 <= int(id[2:]) < 90_000_000


def _join(folder: Path) -> tuple[int, int]:
    """Distinct ids, and rows, of the CSV that have a document."""
    films = f"read_json('{folder}/landed/**/*.json', columns={{imdb_id: 'VARCHAR', title: 'VARCHAR'}})"
    rows = f"read_csv('{folder}/movies.csv', delim='|', header=true, nullstr='\\N', quote='', all_varchar=true)"
    query = f"SELECT count(DISTINCT c.id), count(*) FROM {rows} c JOIN {films} f ON f.imdb_id = c.id"
    ((distinct, every),) = duckdb.connect().execute(query).fetchall()
    return int(distinct), int(every)


def _client(store: S3) -> Any:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=store.environment["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
        region_name="us-east-1",
    )


def _keys(client: Any, prefix: str) -> Iterator[str]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix):
        yield from (found["Key"] for found in page.get("Contents", []))


def _count(client: Any, prefix: str) -> int:
    return sum(1 for _ in _keys(client, prefix))


def _download(client: Any, folder: Path) -> None:
    folder.mkdir()
    for key in _keys(client, "Raw/TMDB/"):
        client.download_file(BUCKET, key, str(folder / key.replace("/", "-")))
