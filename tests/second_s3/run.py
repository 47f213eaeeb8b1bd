"""`make second-s3`: the contract of the lake, and a series of crashes, against Ceph's RGW.

RGW is an S3 of its own: it checks signatures, honours conditional writes, and answers in its own words. Its packages
are unpacked below build/second-s3 and kept there; where they cannot be had, the reason is printed and nothing fails.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
from cluster import READER, WRITER, Ceph, cluster
from packages import UnavailableError, unpacked

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "second-s3"
BUCKET = "second-lake"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:aws:iam:::user/{READER.name}"]},
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
        }
    ],
}


def main() -> int:
    """Runs both; returns the exit code of the first that fails."""
    parser = argparse.ArgumentParser(prog="make second-s3")
    parser.add_argument("crash", nargs="*", help="arguments for crash, instead of a short series")
    crash = parser.parse_args().crash or ["--kills", "20", "--pairs", "5"]
    try:
        with cluster(unpacked(FOLDER), FOLDER / "cluster") as ceph:
            sys.stdout.write(f"Ceph RGW answers at {ceph.endpoint}\n")
            sys.stdout.flush()
            _make_bucket(ceph)
            return _run(ceph, ["-m", "pytest", "-q", "tests/lake"]) or _run(
                ceph, ["-m", "crash", "--lake", "s3", *crash]
            )
    except UnavailableError as error:
        sys.stdout.write(f"skipped: {error}\n")
        return 0


def _make_bucket(ceph: Ceph) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=ceph.endpoint,
        region_name="us-east-1",
        aws_access_key_id=WRITER.access_key,
        aws_secret_access_key=WRITER.secret_key,
    )
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(POLICY))
    client.close()


def _run(ceph: Ceph, arguments: list[str]) -> int:
    told = {
        "endpoint": ceph.endpoint,
        "bucket": BUCKET,
        "access_key": WRITER.access_key,
        "secret_key": WRITER.secret_key,
        "reader": [READER.access_key, READER.secret_key],
    }
    environment = {**os.environ, "INGEST_TEST_S3": json.dumps(told), "PYTHONPATH": str(ROOT / "tests" / "fault")}
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
