"""What an API answered, and what that means."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from ingest_core.codes import Code
from ingest_core.errors import (
    CredentialsError,
    IngestError,
    MalformedError,
    NotFoundError,
    RequestRefusedError,
    TransientError,
)
from ingest_core.model import rawjson
from ingest_core.model.record import Missing, Record, Rejected
from ingest_core.model.value import Value, shown_without


class Outcome(Enum):
    """What an answer means, by what is done about it."""

    OK = "ok"
    MISSING = "missing"  # the API does not have it: an outcome, not a failure
    REJECTED = "rejected"  # a permanent fault of this one: quarantine
    TRANSIENT = "transient"  # tried again; after all retries the slice stays open
    UNAUTHORIZED = "unauthorized"  # stop, and say which setting
    REFUSED = "refused"  # our request is wrong: stop, and say what


_ERRORS: dict[Outcome, type[IngestError]] = {
    Outcome.MISSING: NotFoundError,
    Outcome.REJECTED: MalformedError,
    Outcome.TRANSIENT: TransientError,
    Outcome.UNAUTHORIZED: CredentialsError,
    Outcome.REFUSED: RequestRefusedError,
}


_CODES = {
    Outcome.MISSING: Code.API_MISSING,
    Outcome.REJECTED: Code.API_ANSWER,
    Outcome.TRANSIENT: Code.API_FAILS,
    Outcome.UNAUTHORIZED: Code.KEY_REFUSED,
    Outcome.REFUSED: Code.API_REFUSES,
}

_HINTS = {
    Outcome.TRANSIENT: "try again later; if it stays so, look at the network, and at the source's base URL",
    Outcome.REFUSED: "the API says that this request is wrong: look at the settings",
}


class Row(Value, frozen=True):
    """One element of a list page: `body` is cut from the page's own bytes."""

    body: bytes

    def __repr__(self) -> str:
        return shown_without(self, "body")

    def field(self, path: str) -> Any:
        """The value at `path` (`"id"`, `"user.id"`); None where it is absent or cannot be read in a broken row."""
        return rawjson.field_at(self.body, path)


class Answer(Value, frozen=True, kw_only=True):
    """One answer of an API.

    `status` is 0 and `body` empty where no answer came; `reason` then says why. `headers` have lower-case names.
    `url` never holds a secret. `body` is what came after HTTP decompression. `fetched_at` is in UTC.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    fetched_at: dt.datetime
    attempts: int = 1
    outcome: Outcome = Outcome.OK
    reason: str = ""
    hint: str = ""

    def __repr__(self) -> str:
        return shown_without(self, "headers", "body")

    @property
    def ok(self) -> bool:
        return self.outcome is Outcome.OK

    def check(self) -> Answer:
        """This answer, where it is OK. Raises the error of the tree that its outcome stands for."""
        if self.outcome is Outcome.OK:
            return self
        hint = self.hint or _HINTS.get(self.outcome, "")
        raise _ERRORS[self.outcome](f"GET {self.url}: {self.reason}", _CODES[self.outcome], hint=hint)

    def rows(self, path: str = "") -> Iterator[Row]:
        """The elements of the array at `path`, in order, each as its own bytes.

        A broken row is handed out too: its record is rejected, with its id where that can be read, and its neighbours
        live.
        Raises what `check` raises, and MalformedError where there is no such array.
        """
        self.check()
        try:
            found = rawjson.rows_at(self.body, path)
        except MalformedError as error:
            raise MalformedError(f"GET {self.url}: {error.what}", Code.API_ANSWER) from None
        return map(Row, found)

    def field(self, path: str) -> Any:
        """The value at `path` of the body (`"total_pages"`, `"meta.next_token"`), None where it is absent.

        Raises what `check` raises.
        """
        return rawjson.field_at(self.check().body, path)

    def json(self) -> Any:
        """The body, parsed. Raises what `check` raises, and MalformedError where it is not JSON."""
        if not rawjson.is_json(self.check().body):
            raise MalformedError(f"GET {self.url}: the answer is not JSON", Code.API_ANSWER)
        return json.loads(self.body)

    def record(self, stream: str, id: str | int) -> Record | Missing | Rejected:
        """What this answer is for one pinned id.

        Raises TransientError, CredentialsError or RequestRefusedError, which are never the fault of one id.
        """
        if self.outcome is Outcome.OK:
            return Record(stream, id, self.body, self)
        if self.outcome is Outcome.MISSING:
            return Missing(stream, id, self.reason)
        if self.outcome is Outcome.REJECTED:
            return Rejected(stream, id, self.reason, self.body, self)
        self.check()
        raise AssertionError("check() raises for every other outcome")


def rows_of(body: bytes, path: str = "") -> Iterator[Row]:
    """The elements of the array at `path` of a document that came from no answer, as `Answer.rows` gives them."""
    return map(Row, rawjson.rows_at(body, path))


def field_of(body: bytes, path: str) -> Any:
    """The value at `path` of a document that came from no answer; None where it is absent."""
    return rawjson.field_at(body, path)
