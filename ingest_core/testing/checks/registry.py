"""What a check is: a function that looks at a source and raises Breach, with what its author should do."""

from __future__ import annotations

from collections.abc import Callable

from ingest_core.testing.subject import Subject

Check = Callable[[Subject], None]
CHECKS: dict[str, Check] = {}


class Breach(AssertionError):  # noqa: N818 -- pytest shows assertion errors without a traceback into here
    """The source does not keep this part of the contract. The text says what to do."""


class Unanswerable(Exception):  # noqa: N818 -- a verdict, not an error
    """This check says nothing about this source: another check fails first, or it has no network."""


def check(function: Check) -> Check:
    """Registers a check under its name, which reads as a sentence."""
    CHECKS[function.__name__] = function
    return function


def require(holds: object, advice: str) -> None:
    """Raises Breach with `advice` unless it holds."""
    if not holds:
        raise Breach(advice)


def suppose(holds: object, why: str) -> None:
    """Raises Unanswerable unless it holds."""
    if not holds:
        raise Unanswerable(why)


def suppose_kept(subject: Subject, *others: Check) -> None:
    """Raises Unanswerable unless the source keeps these parts of the contract, which this check rests on."""
    for other in others:
        if not _is_kept(subject, other):
            raise Unanswerable(f"rests on {other.__name__}, which fails")


def _is_kept(subject: Subject, other: Check) -> bool:
    """Whether a check passes; asked once for each subject, as each asking may run the source anew."""
    if other.__name__ not in subject.kept:
        try:
            other(subject)
        except Breach:
            subject.kept[other.__name__] = False
        else:
            subject.kept[other.__name__] = True
    return subject.kept[other.__name__]
