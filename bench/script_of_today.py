"""The script that people write today, as the benchmark's other side; it imports nothing of ours.

    python script_of_today.py one-by-one|threads IDS_FILE BUCKET THREADS

`one-by-one` is the plain loop: a `requests.get` for each id, parsed and written anew. `threads` is the same by a
careful author: one session, threads, and pools as large. Both try again after a 429, as TMDB asks, so that they
finish at all under a rate limit. Base URL, token and appends come from TMDB_URL, TMDB_TOKEN and TMDB_APPEND.
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

import boto3
import requests
from botocore.config import Config

TRIES = 20

Fetch: TypeAlias = Callable[..., requests.Response]
Save: TypeAlias = Callable[[str, str], Any]


def main() -> None:
    """Downloads every id of the file."""
    style, ids_file, bucket, threads = sys.argv[1:]
    ids = Path(ids_file).read_text().split()
    if style == "one-by-one":
        save = to_s3(boto3.client("s3"), bucket)
        for id in ids:
            download(requests.get, save, id)
        return
    save = to_s3(boto3.client("s3", config=Config(max_pool_connections=int(threads))), bucket)
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=int(threads)))
    with ThreadPoolExecutor(int(threads)) as pool:
        list(pool.map(lambda id: download(session.get, save, id), ids))


def download(fetch: Fetch, save: Save, id: str) -> None:
    """One movie, from the API to where it is saved."""
    for _ in range(TRIES):
        response = fetch(
            f"{os.environ['TMDB_URL']}/movie/{id}",
            params={"append_to_response": os.environ["TMDB_APPEND"]},
            headers={"Authorization": f"Bearer {os.environ['TMDB_TOKEN']}"},
            timeout=30,
        )
        if response.status_code != 429:
            break
        time.sleep(float(response.headers.get("Retry-After", 1)))
    response.raise_for_status()
    save(f"movie-{id}.json", json.dumps(response.json()))


def to_s3(client: Any, bucket: str) -> Save:
    """Saves objects in a bucket."""
    return lambda name, text: client.put_object(Bucket=bucket, Key=f"Raw/{name}", Body=text)


if __name__ == "__main__":
    main()
