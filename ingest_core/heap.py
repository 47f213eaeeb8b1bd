"""One heap for all threads of a process: they take turns anyway, and what one has let go another can use."""

from __future__ import annotations

import sys

_M_ARENA_MAX = -8  # glibc's malloc.h


def share_heap() -> None:
    """To be called before there are threads, by a program that is a run and nothing else.

    glibc gives every few threads a heap of their own, of which each keeps what it needed most.
    """
    if sys.platform != "linux":
        return
    import ctypes

    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    except (OSError, AttributeError):
        return  # another libc
