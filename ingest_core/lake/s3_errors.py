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

from ingest_core.errors import CredentialsError, IngestError, LakeError, TransientError

DENIED = {"AccessDenied", "403", "Forbidden", "AllAccessDisabled"}
BAD_KEYS = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidToken",
    "TokenRefreshRequired",
}
BUSY = {"SlowDown", "RequestTimeout", "ConditionalRequestConflict", "RequestLimitExceeded"}


def as_ours(action: str, where: str, bucket: str, error: Exception) -> IngestError:
    """The error that says what to do about `error`, met when `action` was tried on `where`."""
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return CredentialsError(
            f"{where}: no AWS credentials found",
            hint="set AWS_PROFILE or AWS_ACCESS_KEY_ID, or choose a folder: --lake DIR",
        )
    if isinstance(error, CredentialRetrievalError | SSOError | TokenRetrievalError):
        return CredentialsError(f"{where}: the AWS credentials have run out", hint="aws sso login, or renew them")
    if isinstance(error, ParamValidationError):
        return LakeError(f"{action} {where}: boto3 refuses this request ({error})")
    if isinstance(error, ClientError):
        return _answered(action, where, error, bucket)
    return TransientError(f"{action} {where}: S3 cannot be reached ({type(error).__name__})", hint="try again later")


def _answered(action: str, where: str, error: ClientError, bucket: str) -> IngestError:
    code, status = code_of(error), status_of(error)
    # Without s3:ListBucket, S3 answers 403 instead of 404 for an object that does not exist.
    rights = {"ListObjectsV2": "s3:ListBucket", "GetObject": "s3:GetObject and s3:ListBucket"}
    if code in BAD_KEYS:
        return CredentialsError(f"{action} {where}: the AWS credentials are refused ({code})", hint="renew them")
    if code in DENIED:
        return CredentialsError(
            f"{action} {where}: access denied",
            hint=f"the role or user needs {rights.get(action, f's3:{action}')} there; a bucket policy or a KMS key may "
            "refuse it too",
        )
    if code == "RequestTimeTooSkewed":
        return LakeError(f"{where}: this machine's clock is wrong", hint="set it: S3 allows 15 minutes")
    if code == "NoSuchBucket":
        return LakeError(f"{where}: the bucket {bucket} does not exist", hint="create it, or correct `lake:`")
    if code in {"PermanentRedirect", "AuthorizationHeaderMalformed", "301", "IllegalLocationConstraintException"}:
        return LakeError(f"{where}: the bucket is in another region", hint="set s3: region: in the config")
    if status >= 500 or code in BUSY:
        return TransientError(f"{action} {where}: S3 answered {status} {code}", hint="try again later")
    return LakeError(f"{action} {where}: S3 answered {status} {code}")


def code_of(error: ClientError) -> str:
    """S3's own code, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status of S3's answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
