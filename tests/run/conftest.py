"""A process that dies while it writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ingest_core.run import Job, run


class Killed(BaseException):
    """The process dies here: nothing is written any more, whoever tries."""


class Death:
    """`after` says when the process of the next run dies; calling it runs a job until it does."""

    def __init__(self, lake: Any) -> None:
        self._lake = lake
        self._is_dead = False
        self._is_last: Callable[[str], bool] = lambda key: False

    def after(self, word: str) -> None:
        """It dies as soon as a key that contains `word` was written."""
        self._is_last = lambda key: word in key

    def after_puts(self, count: int) -> None:
        """It dies when so many records and files of the framework's own are there."""
        left = [count]

        def is_last(key: str) -> bool:
            left[0] -= 1
            return left[0] <= 0

        self._is_last = is_last

    def __call__(self, job: Job) -> None:
        names = ("put_if_absent", "put", "swap")
        alive = {name: getattr(self._lake, name) for name in names}
        self._is_dead = False
        for name in names:
            setattr(self._lake, name, self._guarded(alive[name]))
        with pytest.raises(Killed):
            run(job)
        for name in names:
            delattr(self._lake, name)
        self._lake.drop_holds()

    def _guarded(self, write: Any) -> Any:
        def writing(key: str, *rest: Any) -> Any:
            if self._is_dead:
                raise Killed(key)
            written = write(key, *rest)
            if self._is_last(key):
                self._is_dead = True
                raise Killed(key)
            return written

        return writing


@pytest.fixture
def die(lake: Any) -> Death:
    return Death(lake)
