"""Our signature is botocore's, whatever is signed."""

from __future__ import annotations

import hashlib

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ingest_core.lake.s3_way import StaticKeys
from ingest_core.lake.sigv4 import Signer, encoded, query_of

STAMP = "20261123T060001Z"
KEYS = ["/k", "/a b+c/é~(x)'*!.json", "/%2F%00", "/日本", "/a=b&c,d;e:f@g$", "/./../a//b", "/\x7f\n"]
QUERIES: list[list[tuple[str, str]]] = [
    [],
    [("list-type", "2"), ("prefix", "Raw/é +&=~/"), ("delimiter", "/"), ("continuation-token", "a/b+c==")],
]


def botocores(method: str, url: str, headers: dict[str, str], body: bytes, keys: StaticKeys) -> dict[str, str]:
    request = AWSRequest(method, url, headers=headers, data=body)
    S3SigV4Auth(Credentials(*keys), "s3", "sa-east-1").add_auth(request)
    return {name.lower(): value for name, value in request.prepare().headers.items()}


@pytest.mark.parametrize("token", [None, "a/token+of==some length"])
@pytest.mark.parametrize("query", QUERIES, ids=["", "query"])
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("body", [b"", b'{"a": 1}'], ids=["empty", "body"])
def test_the_signature_is_the_one_that_botocore_makes(
    key: str, query: list[tuple[str, str]], token: str | None, body: bytes
) -> None:
    keys = StaticKeys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
    path, text = encoded(key), query_of(query)
    url = f"http://things.example.org:9000{path}{'?' if text else ''}{text}"
    headers = {"content-type": "application/json", "x-amz-meta-ingest-slice": "a%2Fb  c ", "if-none-match": "*"}
    expected = botocores("PUT", url, headers, body, keys)
    signer = Signer("things.example.org:9000", "sa-east-1")
    ours = signer.sign("PUT", path, text, headers, hashlib.sha256(body).hexdigest(), keys, expected["x-amz-date"])
    assert ours["authorization"] == expected["authorization"]
    assert {name: ours.get(name) for name in expected if name.startswith("x-amz-")} == {
        name: value for name, value in expected.items() if name.startswith("x-amz-")
    }


def test_the_key_of_another_day_or_of_other_keys_is_another_one() -> None:
    signer, seen = Signer("h", "sa-east-1"), set[str]()
    for secret in ("one", "another"):
        for now in (STAMP, "20261124T060001Z"):
            for _ in range(2):
                seen.add(
                    signer.sign("GET", "/k", "", {}, "0" * 64, StaticKeys("a", secret, None), now)["authorization"]
                )
    assert len(seen) == 4
