"""Where things stand in a config."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

Path_ = tuple[str | int, ...]
Place = tuple[int, int]


class LatePlaces(Mapping[Path_, Place]):
    """Places that are looked for when there is something to say about one, by `find`: mostly there is not."""

    def __init__(self, find: Callable[[], Mapping[Path_, Place]]) -> None:
        self._find = cache(find)

    def __getitem__(self, path: Path_) -> Place:
        return self._find()[path]

    def __iter__(self) -> Iterator[Path_]:
        return iter(self._find())

    def __len__(self) -> int:
        return len(self._find())
