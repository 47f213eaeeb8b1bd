"""What a run and its worker processes say to each other: one JSON object a line."""

from __future__ import annotations

import logging

import msgspec

from ingest_core.codes import Code
from ingest_core.errors import IngestError, StopError
from ingest_core.run.spread import Allotment, Done, Failed, Piece
from ingest_core.state import Ticket
from ingest_core.workers.setting import Setting

logger = logging.getLogger(__name__)


class Land(msgspec.Struct, frozen=True, tag="land"):
    """To a worker: land this piece, one of so many `workers`."""

    ticket: Ticket
    piece: Piece
    allotment: Allotment
    workers: int


class Halt(msgspec.Struct, frozen=True, tag="halt"):
    """To a worker: end what you are at."""


class Told(msgspec.Struct, frozen=True, tag="told"):
    """From a worker: `done` since it was last told. `is_last` where the piece is at its end."""

    done: Done
    is_last: bool


class Broken(msgspec.Struct, frozen=True, tag="broken"):
    """From a worker: it cannot land anything, and why."""

    why: Failed

    @classmethod
    def by(cls, error: Exception) -> Broken:
        """Tells of an error; of one that ingest_core does not name, the log has all."""
        if not isinstance(error, IngestError):
            logger.error("a worker met an error that ingest_core does not name", exc_info=error)
            error = StopError(f"{type(error).__name__}: {error}", Code.UNNAMED)
        return cls(Failed.of("", error))


Order = Land | Halt
News = Told | Broken
SETTINGS = msgspec.json.Decoder(Setting)
ORDERS: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
NEWS: msgspec.json.Decoder[News] = msgspec.json.Decoder(News)
TICK_SECONDS = 1.0


def line(message: Setting | Order | News) -> bytes:
    """The message as it goes through a pipe."""
    return msgspec.json.encode(message) + b"\n"
