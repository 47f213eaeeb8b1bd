"""From boto3's errors to ours: what is missing, and what to do."""

from __future__ import annotations

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from ingest_core.aws import missing_right
from ingest_core.codes import Code
from ingest_core.errors import CredentialsError, IngestError, LakeError
from ingest_core.lake.s3_answers import answered, no_credentials, unreachable


def as_ours(action: str, where: str, bucket: str, error: Exception) -> IngestError:
    """The error that says what to do about `error`, met when `action` was tried on `where`."""
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return no_credentials(where)
    if isinstance(error, CredentialRetrievalError | SSOError | TokenRetrievalError):
        return CredentialsError(
            f"{where}: the AWS credentials have run out", Code.AWS_KEYS, hint="aws sso login, or renew them"
        )
    if isinstance(error, ParamValidationError):
        return LakeError(f"{action} {where}: boto3 refuses this request ({error})", Code.LAKE_REFUSES)
    if isinstance(error, ClientError):
        return answered(action, where, bucket, status_of(error), code_of(error), missing_right(error, ""))
    return unreachable(action, where, type(error).__name__)


def code_of(error: ClientError) -> str:
    """S3's own code, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status of S3's answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
