"""docs/aws-console.md does what it says: its config and its events work, with no more rights in S3 than it gives."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from built_layer import ROOT
from ingest_source_tmdb.simulator import Simulator

pytest.importorskip("awslambdaric", reason="awslambdaric, AWS's bootstrap, is not installed")

from deployed import DeployedFunction
from runtimes import Runtime

GUIDE = (ROOT / "docs" / "aws-console.md").read_text(encoding="utf-8")
BUCKET = "my-data-lake"
PARAMETER = "/ingest/tmdb/token"


def block(language: str, containing: str) -> str:
    """The guide's one code block of that language with that text in it."""
    (found,) = [text for text in re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL) if containing in text]
    return str(found)


@pytest.fixture(scope="module")
def aws(moto_server: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """moto with IAM switched on: of its own, because the switch is for a whole process."""
    with moto_server() as endpoint:
        yield endpoint


def client(aws: str, service: str) -> Any:
    keys = {"aws_access_key_id": "admin", "aws_secret_access_key": "admin"}
    return boto3.client(service, endpoint_url=aws, region_name="us-east-1", **keys)


def role_keys(aws: str, policy: str) -> dict[str, str]:
    """The environment of someone who has that policy and no other right."""
    iam = client(aws, "iam")
    iam.create_user(UserName="function")
    iam.put_user_policy(UserName="function", PolicyName="inline", PolicyDocument=policy)
    key = iam.create_access_key(UserName="function")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


@pytest.fixture
def guided(
    aws: str, s3_endpoint: str, tmp_path: Path, layer: Path, managed_runtime: Runtime, request: pytest.FixtureRequest
) -> Iterator[DeployedFunction]:
    """The function as the guide builds it, less the statement of the policy that the test names."""
    policy = json.loads(block("json", "Statement"))
    left_out = getattr(request, "param", None)
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] != left_out]
    requests.post(f"{aws}/moto-api/reset", timeout=10)
    requests.post(f"{aws}/moto-api/reset-auth", data="1000000", timeout=10)
    with Simulator() as simulator:
        client(aws, "s3").create_bucket(Bucket=BUCKET)
        # moto knows no resources in policies for SSM: the parameter lies in the server that asks nobody for rights.
        ssm = client(s3_endpoint, "ssm")
        ssm.put_parameter(Name=PARAMETER, Value=simulator.options.token, Type="SecureString", Overwrite=True)
        config = tmp_path / "task" / "config" / "tmdb.yaml"
        config.parent.mkdir(parents=True)
        here = f"settings:\n  base_url: {simulator.base_url}\n"
        config.write_text(block("yaml", "source: tmdb").replace("settings:\n", here))
        environment = {
            **role_keys(aws, json.dumps(policy)),
            "AWS_ENDPOINT_URL_S3": aws,
            "AWS_ENDPOINT_URL_SSM": s3_endpoint,
        }
        requests.post(f"{aws}/moto-api/reset-auth", data="0", timeout=10)
        task, log = tmp_path / "task", tmp_path / "log"
        with DeployedFunction(task, layer, managed_runtime, log, environment) as function:
            yield function


def test_the_guides_events_run_with_no_more_rights_than_the_guide_gives(guided: DeployedFunction) -> None:
    ready = guided.invoke(json.loads(block("json", '"step": "check"')), timeout_s=900).payload
    few = guided.invoke(json.loads(block("json", '"limit": 5}'))).payload
    whole = guided.invoke({"source": "tmdb"}).payload
    again = guided.invoke({"source": "tmdb"}).payload

    assert (ready["status"], [found["what"] for found in ready["findings"] if not found["ok"]]) == ("done", []), ready
    assert (few["status"], few["counts"]["records"], few["manifest"]) == ("done", 5, None), few
    assert (whole["status"], whole["counts"]["records"]) == ("done", 100)
    assert whole["manifest"] == f"_ingest/TMDB/tmdb/{whole['date']}/g1/manifest.json"
    assert (again["status"], again["counts"]["requests"]) == ("done", 0)
    assert set(json.loads(block("json", '"manifest": null'))["counts"]) <= set(few["counts"])


@pytest.mark.parametrize(
    ("guided", "action"), [("Records", "GetObject"), ("List", "ListObjectsV2")], indirect=["guided"]
)
def test_each_right_in_the_bucket_is_needed_and_its_absence_is_told(guided: DeployedFunction, action: str) -> None:
    answer = guided.invoke({"source": "tmdb"}).payload

    assert (answer["status"], answer["error"]["kind"]) == ("failed", "CredentialsError")
    assert answer["error"]["what"].startswith(f"{action} s3://{BUCKET}/_ingest/TMDB/tmdb")
    assert answer["error"]["what"].endswith(": access denied")


def test_the_policy_lets_the_function_read_the_parameter_that_its_config_names() -> None:
    statements = {one["Sid"]: one for one in json.loads(block("json", "Statement"))["Statement"]}

    assert f"token: aws-ssm:{PARAMETER}\n" in block("yaml", "source: tmdb")
    assert statements["Token"]["Action"] == "ssm:GetParameter"
    assert statements["Token"]["Resource"].endswith(f":parameter{PARAMETER}")
