"""The script that people write today, as the benchmark's other side; it imports nothing of ours.

    python script_of_today.py one-by-one|threads IDS_FILE FOLDER|s3://BUCKET

`one-by-one` is the plain loop: a `requests.get` for each id, parsed and written anew. `threads` is the same by a
careful author: one session, 16 threads, and pools as large. Both try again after a 429, as TMDB asks, so that they
finish at all under a rate limit. Base URL and token come from TMDB_URL and TMDB_TOKEN.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import requests

APPEND = "credits,keywords,external_ids"
THREADS = 16
TRIES = 20

Fetch: TypeAlias = Callable[..., requests.Response]
Save: TypeAlias = Callable[[str, str], Any]


def main() -> None:
    """Downloads every id of the file."""
    style, ids_file, target = sys.argv[1:]
    ids = Path(ids_file).read_text().split()
    save = to_s3(target.removeprefix("s3://")) if target.startswith("s3://") else to_folder(target)
    if style == "one-by-one":
        for id in ids:
            download(requests.get, save, id)
        return
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=THREADS))
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda id: download(session.get, save, id), ids))


def download(fetch: Fetch, save: Save, id: str) -> None:
    """One movie, from the API to where it is saved."""
    for _ in range(TRIES):
        response = fetch(
            f"{os.environ['TMDB_URL']}/movie/{id}",
            params={"append_to_response": APPEND},
            headers={"Authorization": f"Bearer {os.environ['TMDB_TOKEN']}"},
            timeout=30,
        )
        if response.status_code != 429:
            break
        time.sleep(float(response.headers.get("Retry-After", 1)))
    response.raise_for_status()
    save(f"movie-{id}.json", json.dumps(response.json()))


def to_folder(target: str) -> Save:
    """Saves files in a folder, which is made."""
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)

    def save(name: str, text: str) -> None:
        with open(folder / name, "w") as file:  # noqa: PTH123 - as people write it
            file.write(text)

    return save


def to_s3(bucket: str) -> Save:
    """Saves objects in a bucket, by one client with a connection for each thread."""
    import boto3
    from botocore.config import Config

    client = boto3.client("s3", config=Config(max_pool_connections=THREADS))
    return lambda name, text: client.put_object(Bucket=bucket, Key=f"Raw/{name}", Body=text)


if __name__ == "__main__":
    main()
