"""What a config's `s3:` says."""

from __future__ import annotations

from msgspec import Struct


class S3Options(Struct, frozen=True):
    """Empty values are left to AWS's own configuration.

    region, profile  as the AWS CLI knows them
    kms_key          key id or ARN for SSE-KMS
    bucket_owner     the account that must own the bucket; S3 refuses otherwise
    """

    region: str | None = None
    profile: str | None = None
    kms_key: str | None = None
    bucket_owner: str | None = None
