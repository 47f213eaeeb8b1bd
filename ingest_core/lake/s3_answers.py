"""From S3's refusals to our errors: what is missing, and what to do. Whichever library met them."""

from __future__ import annotations

from ingest_core.codes import Code
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


def answered(action: str, where: str, bucket: str, status: int, code: str, right: str = "") -> IngestError:
    """The error that says what to do where S3 answered `status` with its own `code`, when `action` was tried.

    `right` is the one that S3 named as missing, if it named one.
    """
    # Without s3:ListBucket, S3 answers 403 instead of 404 for an object that does not exist.
    rights = {"ListObjectsV2": "s3:ListBucket", "GetObject": "s3:GetObject and s3:ListBucket"}
    if code in BAD_KEYS:
        return CredentialsError(
            f"{action} {where}: the AWS credentials are refused ({code})", Code.AWS_KEYS, hint="renew them"
        )
    if code in DENIED:
        missing = right or rights.get(action, f"s3:{action}")
        return CredentialsError(
            f"{action} {where}: access denied",
            Code.AWS_RIGHT,
            hint=f"the role or user needs {missing} there; a bucket policy or a KMS key may refuse it too",
        )
    if code == "RequestTimeTooSkewed":
        return LakeError(f"{where}: this machine's clock is wrong", Code.CLOCK, hint="set it: S3 allows 15 minutes")
    if code == "NoSuchBucket":
        return LakeError(
            f"{where}: the bucket {bucket} does not exist", Code.LAKE_BUCKET, hint="create it, or correct `lake:`"
        )
    if code in {"PermanentRedirect", "AuthorizationHeaderMalformed", "301", "IllegalLocationConstraintException"}:
        return LakeError(
            f"{where}: the bucket is in another region", Code.LAKE_REGION, hint="set s3: region: in the config"
        )
    if status >= 500 or code in BUSY:
        return TransientError(f"{action} {where}: S3 answered {status} {code}", Code.LAKE_AWAY, hint="try again later")
    return LakeError(f"{action} {where}: S3 answered {status} {code}", Code.LAKE_REFUSES)


def no_credentials(where: str) -> CredentialsError:
    """Nothing to sign with."""
    return CredentialsError(
        f"{where}: no AWS credentials found",
        Code.AWS_NO_KEYS,
        hint="set AWS_PROFILE or AWS_ACCESS_KEY_ID, or choose a folder: --lake DIR",
    )


def not_set_up(why: Exception) -> CredentialsError:
    """A profile, region or file of AWS's own configuration that is wrong."""
    return CredentialsError(
        f"AWS is not set up: {why}",
        Code.AWS_NO_KEYS,
        hint="aws configure, or correct AWS_PROFILE, AWS_REGION and the config's s3:",
    )


def unreachable(action: str, where: str, why: str) -> TransientError:
    """No answer came."""
    return TransientError(f"{action} {where}: S3 cannot be reached ({why})", Code.LAKE_AWAY, hint="try again later")
