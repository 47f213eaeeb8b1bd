"""What a lake in S3 promises, whichever library talks to it: conditional writes, and the same refusals."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from ingest_core.clock import Clock, SystemClock
from ingest_core.codes import Code
from ingest_core.errors import IngestError, LakeError
from ingest_core.lake.port import Stored
from ingest_core.lake.s3_answers import answered

logger = logging.getLogger(__name__)

PROBES = ("_ingest/check", "Raw/check")  # a right may be given for one folder and not for the other
CONFLICT_ATTEMPTS = 5
CONFLICT_PAUSE_SECONDS = 0.05
CONFLICT_SECONDS = 5.0  # all attempts together: a claim counts on no write being on its way for long
NO_VERSION = '"00000000000000000000000000000000"'
ANY = "*"


class BucketLake(ABC):
    """Objects below `prefix` in one bucket. `clock` measures how long a write that met a 409 may be sent again."""

    def __init__(self, bucket: str, prefix: str = "", clock: Clock | None = None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._clock = clock or SystemClock()
        self._bare_tags = False

    @abstractmethod
    def get(self, key: str) -> Stored | None:
        """What lies under the key; None where nothing does."""

    @abstractmethod
    def _attempt(self, key: str, body: bytes, metadata: Mapping[str, str], *, unless: str, match: str) -> bool | None:
        """One conditional PutObject: `unless` is If-None-Match, `match` If-Match, one of them empty.

        True where it was written; False where the condition does not hold, by a 412, or by a 404 for a version of a
        key that is gone; None for a 409: another conditional write is under way. Raises for everything else.
        """

    @property
    def uri(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def put_if_absent(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        """S3's `If-None-Match: *`: of racing creators one wins, the others get 412."""
        return self._put_on_condition(key, body, metadata, unless=ANY)

    def swap(self, key: str, body: bytes, seen: Stored | None, metadata: Mapping[str, str]) -> bool:
        if seen is None:
            return self.put_if_absent(key, body, metadata)
        if not self._bare_tags and self._put_on_condition(key, body, metadata, match=seen.version):
            return True
        return self._swap_by_bare_tag(key, body, seen, metadata)

    def _swap_by_bare_tag(self, key: str, body: bytes, seen: Stored, metadata: Mapping[str, str]) -> bool:
        """Some servers (Ceph's RGW is one) give an ETag in quotes, as RFC 9110 has it, and want it back without them.

        They are told from the others by a refusal while the key still has the very version that was asked for.
        """
        bare = seen.version.strip('"')
        if not self._bare_tags:
            now = self.get(key) if bare != seen.version else None
            if now is None or now.version != seen.version:
                return False
        if not self._put_on_condition(key, body, metadata, match=bare):
            return False
        self._bare_tags = True
        return True

    def _put_on_condition(
        self, key: str, body: bytes, metadata: Mapping[str, str], unless: str = "", match: str = ""
    ) -> bool:
        """False where the condition does not hold. No library retries a 409, so it is done here."""
        began, never = self._clock.monotonic(), threading.Event()
        for attempt in range(1, CONFLICT_ATTEMPTS + 1):
            written = self._attempt(key, body, metadata, unless=unless, match=match)
            if written is not None:
                return written
            logger.info("%s: 409, another write is under way; attempt %d", key, attempt)
            if attempt == CONFLICT_ATTEMPTS:
                break
            self._clock.pause(CONFLICT_PAUSE_SECONDS * attempt, never)
            # After the pause: a machine that stood still in it has no claim to write under any more.
            if self._clock.monotonic() - began >= CONFLICT_SECONDS:
                break
        raise self._answered("PutObject", key, 409, "ConditionalRequestConflict")

    @property
    def holds(self) -> bool:
        return False

    def hold(self, key: str) -> Callable[[], None] | None:
        return lambda: None

    def tidy(self, prefix: str) -> None:  # noqa: B027 - nothing, for both
        """S3 never shows part of an object: there is nothing to remove."""

    def settle(self) -> None:  # noqa: B027 - nothing, for both
        """Nothing to wait for: a PutObject that was answered is durable, and seen by whoever looks after it."""

    def check_writable(self) -> None:
        """A write that must fail: `If-Match` with an ETag that nothing has. 404 or 412 says that a real one would do.

        It leaves nothing behind, and it finds out servers that ignore conditional writes.
        """
        if any(self._put_on_condition(key, b"", {}, match=NO_VERSION) for key in PROBES):
            raise LakeError(
                f"{self.uri}: this S3 server ignores conditional writes",
                Code.LAKE_UNCONDITIONAL,
                hint="use one that honours If-Match and If-None-Match; without them records could be doubled",
            )

    def _where(self, key: str) -> str:
        return f"{self.uri}/{key}".rstrip("/")

    def _answered(self, action: str, key: str, status: int, code: str) -> IngestError:
        return answered(action, self._where(key), self._bucket, status, code)
