"""moto, as strict about rights as AWS is where a role is to be proven. A program: it tells its address, and ends when
its standard input does.

moto checks signatures, actions and S3's resources by itself. This adds what it leaves out:
conditions in statements, `?` in their resources, the resource of a request to SSM, Secrets Manager and CloudWatch Logs,
and the caller's right to decrypt what lies under a KMS key of its own. The connection counts as TLS unless the header
X-Forwarded-Proto says otherwise.
"""

from __future__ import annotations

import re
import sys
from typing import Any, NoReturn

from flask import has_request_context, request
from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import JsonRESTError
from moto.core.responses import BaseResponse
from moto.iam.access_control import IAMPolicyStatement, IAMRequest, PermissionResult
from moto.logs.responses import LogsResponse
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.server import ThreadedMotoServer
from moto.ssm.responses import SimpleSystemManagerResponse


def matches(patterns: str | list[str], text: str, flags: int = 0) -> bool:
    """Whether one of IAM's patterns (`*` and `?`) is the text."""
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
        if re.fullmatch(expression, text, flags):
            return True
    return False


def context() -> dict[str, str]:
    """The condition keys of the request that is being answered; those that it lacks are not there."""
    if not has_request_context():
        return {}
    headers = request.headers
    service = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", headers.get("Authorization", ""))
    is_a_piece = "partNumber" in request.args or "uploads" in request.args
    found = {
        "aws:SecureTransport": str(headers.get("X-Forwarded-Proto") != "http").lower(),
        "s3:if-none-match": headers.get("If-None-Match"),
        "s3:if-match": headers.get("If-Match"),
        "s3:ObjectCreationOperation": str(not is_a_piece).lower(),
        "kms:ViaService": f"{service[2]}.{service[1]}.amazonaws.com" if service else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def holds(operator: str, wanted: dict[str, str | list[str]], found: dict[str, str]) -> bool:
    """One operator of a Condition: every key of it must hold."""
    match operator:
        case "Null":
            return all((key not in found) == (value == "true") for key, value in wanted.items())
        case "Bool" | "StringEquals":
            return all(key in found and matches(value, found[key]) for key, value in wanted.items())
    raise NotImplementedError(operator)


def is_action_permitted(
    self: Any, action: str, resource: str = "*", principal: str | None = None, incoming: dict[str, str] | None = None
) -> PermissionResult:
    statement = self._statement
    if not matches(statement["Action"], action, re.IGNORECASE):
        return PermissionResult.NEUTRAL
    if "Resource" in statement and not matches(statement["Resource"], resource):
        return PermissionResult.NEUTRAL
    found = context()
    if not all(holds(operator, wanted, found) for operator, wanted in statement.get("Condition", {}).items()):
        return PermissionResult.NEUTRAL
    return PermissionResult.PERMITTED if statement["Effect"] == "Allow" else PermissionResult.DENIED


def refuse(self: Any) -> NoReturn:
    """As these services say it: moto answers in XML, which their clients cannot read."""
    raise JsonRESTError(
        "AccessDeniedException", f"User: {self._access_key.arn} is not authorized to perform: {self._action}"
    )


def require_key(response: Any, key: str | None) -> None:
    """AWS decrypts with the caller's own right; its own keys (`alias/aws/…`) anybody of the account may use."""
    is_checked = ActionAuthenticatorMixin.request_count >= settings.INITIAL_NO_AUTH_ACTION_COUNT
    if not key or key.startswith("alias/aws/") or not is_checked:
        return
    asked = IAMRequest(
        account_id=response.current_account,
        method=response.method,
        path=response.raw_path,
        data=response.data,
        body=response.raw_body,
        headers=response.headers,
        action="Decrypt",
    )
    asked._action = "kms:Decrypt"
    asked.check_action_permitted(key)


def place(response: BaseResponse) -> str:
    return f"{response.region}:{response.current_account}"


def parameter_arn(self: Any) -> str:
    return f"arn:aws:ssm:{place(self)}:parameter{self._get_param('Name') or ''}"


def secret_of(response: Any) -> Any:
    name = response._get_param("SecretId")
    return response.backend.secrets.get(name) if name else None


def secret_arn(self: Any) -> str:
    secret = secret_of(self)
    return secret.arn if secret else "*"


def log_arn(self: Any) -> str:
    group, stream = self._get_param("logGroupName"), self._get_param("logStreamName")
    return f"arn:aws:logs:{place(self)}:log-group:{group}:log-stream:{stream}"


def with_key(method: Any, key_of: Any) -> Any:
    def called(self: Any) -> Any:
        require_key(self, key_of(self))
        return method(self)

    return called


def parameter_key(self: Any) -> str | None:
    parameter = self.ssm_backend.get_parameter(self._get_param("Name"))
    return parameter.keyid if parameter is not None and parameter.parameter_type == "SecureString" else None


def secret_key(self: Any) -> str | None:
    secret = secret_of(self)
    return secret.kms_key_id if secret else None


def main() -> None:
    statement: Any = IAMPolicyStatement
    asked: Any = IAMRequest
    ssm: Any = SimpleSystemManagerResponse
    secrets: Any = SecretsManagerResponse
    logs: Any = LogsResponse
    statement.is_action_permitted = is_action_permitted
    asked._raise_access_denied = refuse
    ssm._determine_resource, secrets._determine_resource, logs._determine_resource = parameter_arn, secret_arn, log_arn
    ssm.get_parameter = with_key(ssm.get_parameter, parameter_key)
    secrets.get_secret_value = with_key(secrets.get_secret_value, secret_key)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    sys.stdout.write("http://{}:{}\n".format(*server.get_host_and_port()))
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
