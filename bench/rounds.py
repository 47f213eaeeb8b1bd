"""What an API's log says of a run whose list pages lead to details."""

from __future__ import annotations

from dataclasses import dataclass

from servers import Log


@dataclass(frozen=True)
class Between:
    """In seconds beyond the even pace: from the first page to the second, and from the last page to the first detail.

    `side_by_side` is how many pages were under way when the second one was answered.
    """

    contestant: str
    pages: int
    side_by_side: int
    learning: float
    barrier: float


def between_rounds(contestant: str, log: Log, rate: float, latency: float) -> Between:
    """`log` in the order of arrival, of an API that answers after `latency` seconds, asked `rate` times a second."""
    pages = [one.at for one in log.each if one.page is not None]
    details = [one.at for one in log.each if one.page is None]
    return Between(
        contestant,
        pages=len(pages),
        side_by_side=sum(at < pages[1] + latency for at in pages[1:]),
        learning=pages[1] - pages[0] - 1 / rate,
        barrier=min(details) - max(pages) - 1 / rate,
    )
