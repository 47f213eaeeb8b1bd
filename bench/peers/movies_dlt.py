"""Movies by id through dlt, fetched in parallel as its documentation shows, into JSON lines in S3.

    python movies_dlt.py IDS_FILE BUCKET

How many at once is dlt's own setting, EXTRACT__WORKERS.
"""

import os
import sys
from pathlib import Path

import dlt
from dlt.sources.helpers import requests

ids_file, bucket = sys.argv[1:]
params = {"append_to_response": os.environ["TMDB_APPEND"]}
headers = {"Authorization": f"Bearer {os.environ['TMDB_TOKEN']}"}


@dlt.resource
def ids():
    yield from Path(ids_file).read_text().split()


@dlt.transformer(data_from=ids, name="movie", max_table_nesting=0)
def movies(id):
    @dlt.defer
    def get():
        return requests.get(f"{os.environ['TMDB_URL']}/movie/{id}", params=params, headers=headers).json()

    return get()


pipeline = dlt.pipeline(
    "bench",
    destination=dlt.destinations.filesystem(
        f"s3://{bucket}/Raw",
        credentials={
            "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
            "endpoint_url": os.environ["AWS_ENDPOINT_URL_S3"],
            "region_name": os.environ["AWS_REGION"],
        },
    ),
    dataset_name="TMDB",
    pipelines_dir=str(Path("state").absolute()),
)
pipeline.run(movies, loader_file_format="jsonl")
