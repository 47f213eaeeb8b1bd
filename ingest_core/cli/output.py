"""What programs read, and lines without colour: data on standard output, all else on standard error.

rich is for people (`console`), and is not imported here: a run for a program does without it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from dataclasses import asdict
from typing import Any, TextIO

from ingest_core.model import Report

_DATA: ContextVar[TextIO] = ContextVar("data")


@contextmanager
def data_apart() -> Iterator[None]:
    """Whatever plugins print goes to standard error; standard output is for what this module writes."""
    token = _DATA.set(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _DATA.reset(token)


_MASK: ContextVar[Callable[[str], str]] = ContextVar("mask")


def mask_with(clean: Callable[[str], str]) -> None:
    """What errors say goes through `clean` from now on: an exception of a plugin may quote a secret."""
    _MASK.set(clean)


def masked(text: str) -> str:
    """`text` without a secret that this command has revealed."""
    clean = _MASK.get(None)
    return text if clean is None else clean(text)


def data() -> TextIO:
    """Standard output, as it was before plugins had a say."""
    return _DATA.get(sys.stdout)


def say(text: str) -> None:
    """A line for a person, on standard error."""
    sys.stderr.write(printable(text, lines=True) + "\n")


class StandardError(logging.StreamHandler[TextIO]):
    """Whatever standard error is just now: while a view is drawn, rich has lines stand above it."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    data().write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def report_as_json(report: Report) -> dict[str, Any]:
    """The whole report as JSON can say it."""
    told = asdict(report)
    told["status"] = report.status.value
    told["date"] = report.date.isoformat()
    told["seconds"] = round(report.seconds, 3)
    del told["handed"]  # a state machine's steps alone hand something over
    if report.error is not None:
        told["error"] = report.error._asdict()
    return told


# What moves a terminal's cursor, colours it, or turns the direction of its text around: C0 but tab, DEL, C1, and the
# marks of Unicode that nobody sees.
_UNSEEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def printable(text: str, *, lines: bool = False) -> str:
    """`text` from elsewhere as a terminal may have it: what would steer it is spelt out. `lines` keeps line ends."""
    return _UNSEEN.sub(lambda found: "\n" if lines and found[0] == "\n" else _spelt(found[0]), text)


def _spelt(character: str) -> str:
    return character.encode("unicode_escape").decode()
