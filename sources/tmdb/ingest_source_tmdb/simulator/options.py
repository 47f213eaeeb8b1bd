"""What a simulator is asked to be."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """One simulator's behaviour; two simulators with equal options give equal bytes.

    ``movies``, ``shows`` and ``people`` say how many exist (ids 1 to that number); at least ``list_total`` of each kind
    exist, so that no list runs dry before the total it claims. ``latency`` and ``retry_after`` are in seconds, ``rate``
    in requests a second (its burst is one second's worth). ``missing``, ``soft_missing`` and ``faults`` are shares from
    0 to 1: ids that answer 404 code 34, ids that answer 200 code 21, and requests that meet a transient fault.
    ``changes`` ids of each kind change a day; movies 1 to ``crowd`` were all released on 2001-01-01; files of ids are
    there up to the day ``exported``.

    Raises ValueError for a share outside 0 to 1, a negative number, or a host that is not loopback.
    """

    seed: int = 1
    token: str = "simulator-read-token"  # noqa: S105 - opens nothing but this simulator
    api_key: str = "simulator-api-key"
    movies: int = 10_000
    shows: int = 3_000
    people: int = 20_000
    list_total: int = 2_000
    latency: float = 0.0
    rate: float | None = None
    retry_after: int | None = None
    missing: float = 0.0
    soft_missing: float = 0.0
    faults: float = 0.0
    changes: int = 300
    crowd: int = 0
    exported: str = "9999-12-31"
    port: int = 0
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        for name in ("missing", "soft_missing", "faults"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} is a share from 0 to 1, not {getattr(self, name)}")
        if self.missing + self.soft_missing > 1.0:
            raise ValueError("missing and soft_missing together are more than every id")
        for name in ("movies", "shows", "people"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if min(self.list_total, self.latency, self.changes, self.crowd) < 0:
            raise ValueError("list_total, latency, changes and crowd cannot be negative")
        if self.rate is not None and self.rate <= 0:
            raise ValueError("rate must be above 0; leave it out for no limit")
        if not _is_loopback(self.host):
            raise ValueError(f"the simulator serves loopback addresses alone, not {self.host!r}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        # A name could resolve to anywhere tomorrow; this one alone is reserved for loopback (RFC 6761).
        return host == "localhost"
