"""The least that Python's threads can do: urllib3 fetches and puts, signed by hand; nothing is parsed or checked.

python floor_urllib3.py IDS_FILE BUCKET CONNECTIONS
"""

import datetime as dt
import hashlib
import hmac
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import urllib3

ids_file, bucket, connections = sys.argv[1:]
api, s3, region = (os.environ[name] for name in ("TMDB_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION"))
key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
headers = {"Authorization": f"Bearer {os.environ['TMDB_TOKEN']}"}
query = f"append_to_response={os.environ['TMDB_APPEND']}"
pool = urllib3.PoolManager(maxsize=int(connections), block=True)
SIGNED = "host;if-none-match;x-amz-content-sha256;x-amz-date"
host, day = urlsplit(s3).netloc, f"{dt.datetime.now(dt.UTC):%Y%m%d}"
signing_key = f"AWS4{secret}".encode()
for part in (day, region, "s3", "aws4_request"):
    signing_key = hmac.digest(signing_key, part.encode(), "sha256")
scope = f"{day}/{region}/s3/aws4_request"


def land(id):
    got = pool.request("GET", f"{api}/movie/{id}?{query}", headers=headers, retries=False)
    put = pool.request("PUT", f"{s3}{path(id)}", body=got.data, headers=signed(path(id), got.data), retries=False)
    if (got.status, put.status) != (200, 200):
        raise RuntimeError(f"movie {id}: {got.status}, {put.status}")


def path(id):
    return f"/{bucket}/Raw/movie-{id}.json"


def signed(path, body):
    now, sha = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}", hashlib.sha256(body).hexdigest()
    asked = (
        f"PUT\n{path}\n\nhost:{host}\nif-none-match:*\nx-amz-content-sha256:{sha}\nx-amz-date:{now}\n\n{SIGNED}\n{sha}"
    )
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    signature = hmac.digest(signing_key, text.encode(), "sha256").hex()
    return {
        "If-None-Match": "*",
        "x-amz-content-sha256": sha,
        "x-amz-date": now,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={SIGNED}, Signature={signature}",
    }


with ThreadPoolExecutor(int(connections)) as threads:
    list(threads.map(land, Path(ids_file).read_text().split()))
