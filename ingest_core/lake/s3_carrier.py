"""What carries a signed request to S3: the port. It asks once, and judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

# Together with boto3's own attempts after it still under a minute (s3.py).
CONNECT_SECONDS = 3
READ_SECONDS = 5


class NoAnswerError(Exception):
    """No whole answer came; the text is the kind of failure alone."""


class Answered(Struct, frozen=True):
    """Status, headers whatever their case (none of an answer to a PUT or a DELETE, for some carriers), body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Carrier(Protocol):
    """Requests to one origin. Thread-safe."""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """The answer. Raises NoAnswerError, and ValueError for what HTTP does not carry."""
        ...

    def open(self, target: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Status of the answer to a GET, and its body, still to be read and closed; that raises NoAnswerError, too."""
        ...

    def close(self) -> None:
        """Ends the connections that are kept."""
        ...
