"""One `ingest run` in a process of its own, and what can be done to it from within.

The product has no switch for any of this: the lease's seconds and the audit hook are set here, in the child, before the
command's own entry point is called.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

# A warm process has everything that a run imports before it forks, the plugins in single files apart.
import ingest_core.cli.run
import ingest_core.lake.s3  # noqa: F401 -- as above
from ingest_core.cli.app import run_command

FULL, KILL = "full", "kill"
WRITING = os.O_WRONLY | os.O_RDWR


@dataclass(frozen=True)
class Lease:
    """The seconds of a claim on S3, all in the proportion that the product has them in."""

    seconds: float

    def constants(self) -> dict[str, float]:
        whole = self.seconds
        return {
            "LEASE_SECONDS": whole,
            "RENEW_SECONDS": whole / 3,
            "SAFETY_SECONDS": whole / 3,
            "POLL_SECONDS": whole / 18,
        }


@dataclass(frozen=True)
class Step:
    """The `number`th step at which a run touches a file of its lake or sends something: there it is killed, or from
    there on every write finds the disk full."""

    number: int
    does: str = KILL


@dataclass(frozen=True)
class Launch:
    """`ingest` with `arguments`. `says` is the file for its output; `lease`, None for the product's own.

    `named` makes a folder's files in the way of file systems that have no files without a name.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    says: str
    lease: Lease | None = None
    step: Step | None = None
    root: str = ""
    named: bool = False
    counts: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the command itself can be started instead of this module."""
        return self.lease is None and self.step is None and not self.named and not self.counts

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of_json(cls, text: str) -> Launch:
        value: dict[str, Any] = json.loads(text)
        lease, step = value.pop("lease"), value.pop("step")
        return cls(**value | {"lease": lease and Lease(**lease), "step": step and Step(**step)})


def forked(launch: Launch) -> None:
    """The whole life of a child of a warm process."""
    handle = os.open(launch.says, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.environ.update(launch.environment)
    tempfile.tempdir = None  # what the warm process had found
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(perform(launch))


def perform(launch: Launch) -> int:
    """Prepares what `launch` wants of this process, then runs the command; returns its exit code."""
    sys.argv = ["ingest", *launch.arguments]
    if launch.lease is not None:
        _set(launch.lease.constants())
    if launch.named:
        _set({"_NAMELESS": 0})
    if launch.step is not None or launch.counts:
        sys.addaudithook(Steps(launch))
    return run_command(launch.arguments)


def _set(constants: Mapping[str, float]) -> None:
    """Sets module constants wherever ingest_core has them, also where a module imported them by name."""
    modules = [module for name, module in sys.modules.items() if name.startswith("ingest_core.")]
    for name, value in constants.items():
        having = [module for module in modules if isinstance(module, ModuleType) and hasattr(module, name)]
        if not having:
            raise RuntimeError(f"ingest_core has no {name} any more")
        for module in having:
            setattr(module, name, value)


@dataclass
class Steps:
    """An audit hook: CPython tells it of each file and connection before it is touched."""

    launch: Launch
    seen: int = 0
    _names: frozenset[str] = field(default=frozenset({"os.link", "os.rename", "os.remove", "os.mkdir"}))

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._is_step(event, arguments):
            return
        self.seen += 1
        if self.launch.counts:
            Path(self.launch.counts).write_text(str(self.seen))
        step = self.launch.step
        if step is None or self.seen < step.number:
            return
        if step.does == FULL and event not in {"http.client.send", "os.remove"}:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if step.does == KILL:
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_step(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "http.client.send":
            return True
        if event == "open":
            path, mode, flags = arguments
            return self._is_ours(path) and (bool(flags & WRITING) if mode is None else mode not in {"r", "rb"})
        return event in self._names and any(map(self._is_ours, arguments))

    def _is_ours(self, path: object) -> bool:
        return bool(self.launch.root) and str(path).startswith(self.launch.root)


if __name__ == "__main__":
    sys.exit(perform(Launch.of_json(sys.argv[1])))
