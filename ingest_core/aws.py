"""boto3, imported when AWS is first spoken to: nothing else imports it, and nobody pays for it twice."""

from __future__ import annotations

import re
import threading
from typing import Any

from ingest_core.codes import Code
from ingest_core.errors import StopError

# The first whose S3 client knows If-Match on a PutObject; Lambda's runtimes bring a boto3 of their own.
OLDEST = (1, 36)
# As AWS says it: "User: arn:… is not authorized to perform: ssm:GetParameter on resource: …".
_MISSING = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")


class Aws:
    """Sessions and clients of one process, each made once. Thread-safe; boto3's own making of clients is not."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._cores: dict[tuple[str | None, str | None], Any] = {}
        self._sessions: dict[tuple[str | None, str | None], Any] = {}
        self._clients: dict[str, Any] = {}

    def core(self, profile: str | None = None, region: str | None = None) -> Any:
        """The botocore session that all of a profile and region share; None leaves it to AWS's own configuration.

        Raises StopError where boto3 is too old.
        """
        with self._lock:
            if (profile, region) not in self._cores:
                import boto3
                from botocore.session import Session

                require_recent(boto3.__version__)
                core = Session(profile=profile)
                if region:
                    core.set_config_variable("region", region)
                self._cores[profile, region] = core
            return self._cores[profile, region]

    def session(self, profile: str | None = None, region: str | None = None) -> Any:
        """The boto3 session over that. Raises what boto3 raises where AWS's own configuration is wrong."""
        with self._lock:
            if (profile, region) not in self._sessions:
                import boto3

                self._sessions[profile, region] = boto3.Session(botocore_session=self.core(profile, region))
            return self._sessions[profile, region]

    def client(self, service: str, read_seconds: int = 20) -> Any:
        """The client of a service (`ssm`) in the default session; an answer may take `read_seconds`."""
        with self._lock:
            if service not in self._clients:
                from botocore.config import Config

                config = Config(
                    retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=read_seconds
                )
                self._clients[service] = self.session().client(service, config=config)
            return self._clients[service]


def boto3_version() -> str:
    """The version of boto3 that is used here."""
    import boto3

    return str(boto3.__version__)


def require_recent(version: str) -> None:
    """Raises StopError for a boto3 that is too old, before anything is asked of it or written."""
    if tuple(int(number) for number in re.findall(r"\d+", version)[:2]) < OLDEST:
        raise StopError(
            f"boto3 {version} is too old: {'.'.join(map(str, OLDEST))} is the first that can write on a condition",
            Code.LAKE_BOTO3,
            hint="pip install -U boto3; in Lambda choose a newer runtime, or bring boto3 in the function's own package",
        )


def missing_right(error: Exception, otherwise: str) -> str:
    """The IAM action that AWS's refusal names, such as `kms:Decrypt`; `otherwise` where it names none."""
    response = getattr(error, "response", None)
    said = response.get("Error", {}).get("Message") if isinstance(response, dict) else None
    found = _MISSING.search(said) if isinstance(said, str) else None
    return found[1] if found else otherwise
