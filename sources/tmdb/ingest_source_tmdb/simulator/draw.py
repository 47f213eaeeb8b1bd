"""Choices that depend on a key and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, TypeVar

T = TypeVar("T")

# Knuth's MMIX generator, modulo 2**64. Its low bits are poor, so a choice is made by the high ones.
_FACTOR: Final = 6_364_136_223_846_793_005
_STEP: Final = 1_442_695_040_888_963_407
_WORD: Final = (1 << 64) - 1
_MILLION: Final = 1_000_000


class Draw:
    """A stream of choices fixed by its key: the same key gives the same choices on any machine and Python.

    A hash of the key starts a small generator, and not random.Random: starting one of those costs more than a whole
    list row made this way.
    """

    __slots__ = ("_state",)

    def __init__(self, *key: object) -> None:
        self._state = int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest(), "big")

    def below(self, limit: int) -> int:
        """A whole number from 0 to limit - 1; limit is at most 2**31."""
        self._state = state = (self._state * _FACTOR + _STEP) & _WORD
        return (state >> 32) % limit

    def pick(self, choices: Sequence[T]) -> T:
        self._state = state = (self._state * _FACTOR + _STEP) & _WORD
        return choices[(state >> 32) % len(choices)]

    def chance(self, share: float) -> bool:
        """True for this share (0 to 1) of keys."""
        self._state = state = (self._state * _FACTOR + _STEP) & _WORD
        return (state >> 32) % _MILLION < share * _MILLION

    def hex(self, digits: int) -> str:
        """A name of 16 to 32 hexadecimal digits."""
        self._state = first = (self._state * _FACTOR + _STEP) & _WORD
        self._state = second = (first * _FACTOR + _STEP) & _WORD
        return f"{first:016x}{second:016x}"[:digits]

    def several(self, choices: Sequence[T], count: int) -> list[T]:
        """Up to ``count`` different neighbours out of the choices, in order, starting anywhere."""
        start, size = self.below(len(choices)), len(choices)
        return [choices[(start + step) % size] for step in range(min(count, size))]
