"""From a reference to a secret, resolved late and kept for five minutes at most.

env:NAME               a variable of the environment
file:PATH              the whole file, less white space at its ends
aws-ssm:/path          a parameter of AWS Systems Manager, decrypted
aws-sm:name[#field]    a secret of AWS Secrets Manager; `#field` takes one string out of its JSON
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ingest_core.aws import Aws, missing_right
from ingest_core.clock import Clock
from ingest_core.codes import Code
from ingest_core.errors import CredentialsError, IngestError, TransientError

REFERENCE = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|aws-ssm:/?[A-Za-z0-9_.\-/]+|aws-sm:[A-Za-z0-9/_+=.@\-:]+(#.+)?)$"
KEPT_SECONDS = 300.0


class SecretResolver:
    """Resolves references. Thread-safe. `on_reveal` is told each value, so that it can be masked from then on.

    `aws` gives a boto3 client of a service; it is asked when a secret that lies in AWS is first needed.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        clock: Clock,
        on_reveal: Callable[[str], None],
        aws: Callable[[str], Any] | None = None,
    ) -> None:
        self._environment = environment
        self._clock = clock
        self._on_reveal = on_reveal
        self._aws = aws or Aws().client
        self._kept: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def resolve(self, reference: str) -> str:
        """The value. Raises CredentialsError, naming the reference and never a value."""
        with self._lock:
            kept = self._kept.get(reference)
            if kept is not None and self._clock.monotonic() - kept[0] < KEPT_SECONDS:
                return kept[1]
            return self._read_anew(reference, kept)

    def renew(self, reference: str, refused: str) -> str:
        """The value that the place holds now, whatever is kept, as `refused` was refused. Raises as `resolve`.

        Where somebody else has read another one since, that is the answer.
        """
        with self._lock:
            kept = self._kept.get(reference)
            if kept is not None and kept[1] != refused:
                return kept[1]
            return self._read_anew(reference, kept)

    def _read_anew(self, reference: str, kept: tuple[float, str] | None) -> str:
        now = self._clock.monotonic()
        try:
            value = self._read(reference)
        except TransientError:
            if kept is None:
                raise
            return kept[1]  # AWS is busy: what was read a little more than five minutes ago still does
        if not value or not value.isprintable() or not value.isascii():
            what = "empty" if not value else "not one line of text"
            raise CredentialsError(
                f"{reference} is {what}", Code.KEY_UNREADABLE, hint="put the key there, and nothing else"
            )
        self._on_reveal(value)
        self._kept[reference] = (now, value)
        return value

    def _read(self, reference: str) -> str:
        kind, _, rest = reference.partition(":")
        if kind == "env":
            if rest not in self._environment:
                raise CredentialsError(
                    f"{reference}: the variable {rest} is not set", Code.KEY_UNREADABLE, hint=f"export {rest}=…"
                )
            return self._environment[rest].strip()
        if kind == "file":
            try:
                return Path(rest).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, ValueError, RuntimeError) as error:
                raise CredentialsError(
                    f"{reference}: {getattr(error, 'strerror', None) or 'not text'}", Code.KEY_UNREADABLE
                ) from None
        return self._read_aws(kind, reference, rest)

    def _read_aws(self, kind: str, reference: str, rest: str) -> str:
        try:
            if kind == "aws-ssm":
                answer = self._aws("ssm").get_parameter(Name=rest, WithDecryption=True)
                return str(answer["Parameter"]["Value"])
            name, _, wanted = rest.partition("#")
            text = str(self._aws("secretsmanager").get_secret_value(SecretId=name).get("SecretString", ""))
        except IngestError:
            raise
        except Exception as error:  # noqa: BLE001 -- boto3 is not imported here, nor are its errors; all are named
            raise _aws_error(kind, reference, error) from None
        return _field(text, wanted, reference) if wanted else text


def _field(text: str, wanted: str, reference: str) -> str:
    try:
        value = json.loads(text)[wanted]
    except (ValueError, KeyError, TypeError):
        value = None
    if not isinstance(value, str):
        raise CredentialsError(
            f"{reference}: the secret has no text field {wanted!r}", Code.KEY_IN_AWS, hint="check the name after #"
        )
    return value


def _aws_error(kind: str, reference: str, error: Exception) -> IngestError:
    response = getattr(error, "response", {})
    code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    right = "ssm:GetParameter" if kind == "aws-ssm" else "secretsmanager:GetSecretValue"
    if code in {"AccessDeniedException", "AccessDenied"}:
        # Secrets Manager names no action where the key refuses: "Access to KMS is not allowed".
        said = str(response["Error"].get("Message", ""))
        missing = missing_right(error, "kms:Decrypt" if "KMS" in said else right)
        what = "the KMS key under which it lies" if missing.startswith("kms:") else "this secret"
        return CredentialsError(
            f"{reference}: access denied: {missing} is missing",
            Code.KEY_RIGHT,
            hint=f"give the role or user {missing} on {what}",
        )
    if code in {"ParameterNotFound", "ResourceNotFoundException"}:
        return CredentialsError(
            f"{reference}: there is no such secret", Code.KEY_IN_AWS, hint="create it, or correct the name"
        )
    if code in {"ThrottlingException", "InternalServerError", "InternalServiceError", "TooManyUpdates"}:
        return TransientError(f"{reference}: AWS is busy ({code})", Code.KEY_BUSY, hint="try again later")
    return CredentialsError(
        f"{reference}: AWS did not give it ({code or type(error).__name__})", Code.KEY_IN_AWS, hint=f"needs {right}"
    )
