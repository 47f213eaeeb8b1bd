"""An AWS account with the template's bucket and role in it, and the function that runs under that role."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from deployed import DeployedFunction
from runtimes import Runtime
from translated import ACCOUNT, REGION, Deployed

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c3d"
PARAMETER, SECRET = "/ingest/tmdb/token", "tmdb-token"
_SERVER = Path(__file__).with_name("strict_moto.py")
_UNCHECKED = "1000000"  # requests that are answered without a look at rights


@contextmanager
def strict_moto() -> Iterator[str]:
    """The address of an AWS that checks signatures, rights and the bucket's policy."""
    command = [sys.executable, str(_SERVER)]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


def without(statements: list[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    """The statements less one action; one that had no other is gone."""
    left = []
    for statement in statements:
        actions = [one for one in listed(statement["Action"]) if one != action]
        if actions:
            left.append({**statement, "Action": actions})
    return left


def listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


@dataclass
class Account:
    """Everything is as the template says, but for what a test takes away from the role's statements."""

    endpoint: str
    stack: Deployed
    token: str
    folder: Path
    layer: Path
    runtime: Runtime
    keys: Mapping[str, str] = field(default_factory=dict)

    def set_up(self, statements: list[dict[str, Any]]) -> None:
        """The bucket with its policy, the secrets, the log, the queue, and somebody who has assumed the role."""
        self._post("reset", "")
        self._post("reset-auth", _UNCHECKED)
        bucket = self.stack["LakePolicy"]["Bucket"]
        s3 = self.owner("s3")
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=self.stack["Lake"]["VersioningConfiguration"])
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(self.stack["LakePolicy"]["PolicyDocument"]))
        self.owner("ssm").put_parameter(Name=PARAMETER, Value=self.token, Type="SecureString", KeyId=KEY)
        self.owner("secretsmanager").create_secret(Name=SECRET, SecretString=json.dumps({"token": self.token}))
        self.owner("logs").create_log_group(logGroupName=self.stack["FunctionLogs"]["LogGroupName"])
        self.owner("sqs").create_queue(QueueName="ingest-Undelivered")
        self.keys = self._assumed(statements)
        self._post("reset-auth", "0")

    def _assumed(self, statements: list[dict[str, Any]]) -> dict[str, str]:
        iam, role = self.owner("iam"), self.stack["FunctionRole"]
        trust = json.dumps(role["AssumeRolePolicyDocument"])
        arn = iam.create_role(RoleName="function", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName="function", PolicyName="ingest", PolicyDocument=policy)
        given = self.owner("sts").assume_role(RoleArn=arn, RoleSessionName="ingest")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def owner(self, service: str) -> Any:
        """A client of the account's owner, for whom nothing is checked before the role is assumed."""
        return self._client(service, aws_access_key_id="owner", aws_secret_access_key="owner")

    def role(self, service: str) -> Any:
        """A client of somebody who has assumed the role."""
        return self._client(service, **{name.lower(): value for name, value in self.keys.items()})

    def look(self) -> dict[str, bytes]:
        """What lies in the bucket, whoever may see it."""
        self._post("reset-auth", _UNCHECKED)
        s3, bucket = self.owner("s3"), self.stack["LakePolicy"]["Bucket"]
        keys = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        found = {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}
        self._post("reset-auth", "0")
        return found

    @contextmanager
    def function(self, config: str) -> Iterator[DeployedFunction]:
        """The template's function with that config, under the role."""
        path = self.folder / "task" / "config" / "tmdb.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(config)
        environment = {
            **self.stack["Function"]["Environment"]["Variables"],
            **self.keys,
            "AWS_ENDPOINT_URL": self.endpoint,
        }
        handler = self.stack["Function"]["Handler"]
        task, log = self.folder / "task", self.folder / "log"
        with DeployedFunction(task, self.layer, self.runtime, log, environment, handler) as function:
            yield function

    def _client(self, service: str, **keys: str) -> Any:
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **keys)

    def _post(self, what: str, body: str) -> None:
        # As text: a form, which urllib sends by default, would have no body left for moto to read.
        asked = urllib.request.Request(
            f"{self.endpoint}/moto-api/{what}", body.encode(), {"Content-Type": "text/plain"}, method="POST"
        )
        urllib.request.urlopen(asked).close()
