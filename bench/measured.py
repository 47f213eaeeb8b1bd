"""Runs one command and writes what it cost: `python -I -S measured.py COST_FILE COMMAND…`. Exits as the command did.

A process of its own, because Linux counts the memory of whoever forks into the child's maximum until it execs: a
small launcher adds nothing that the command would not reach anyway, the benchmark itself would.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time

LONGEST_SECONDS = 900


def main() -> int:
    """CPU in seconds (user + system) and largest resident set in MB, of all its children too; wall in seconds."""
    cost_file, *command = sys.argv[1:]
    began = time.monotonic()
    child = os.posix_spawn(command[0], command, os.environ, setpgroup=0)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(child, signal.SIGKILL))
    signal.alarm(LONGEST_SECONDS)
    _, status, usage = os.wait4(child, 0)
    cost = {
        "wall": time.monotonic() - began,
        "user": usage.ru_utime,
        "system": usage.ru_stime,
        "rss_mb": usage.ru_maxrss * 1024 / 1e6,
    }
    with open(cost_file, "w") as file:  # noqa: PTH123 - pathlib would double the launcher's own memory
        json.dump(cost, file)
    return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main())
