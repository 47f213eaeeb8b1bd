"""The error tree, split by what the caller does next.

IngestError
├── UsageError          fix the command or the event            exit 2
│   └── ConfigError     fix the configuration, place by place   exit 2
├── PluginError         fix or remove the plugin                exit 1
│   └── UndeclaredHostError  name the host in its connection
├── CredentialsError    fix the credentials                     exit 4
├── TransientError      try again later, nothing is lost        exit 3
├── LockedError         another run has this date: wait for it  exit 5
├── LeftError           a worker leaves this slice to whoever coordinates
├── RecordError         skip this one record
│   ├── NotFoundError       the API does not have it
│   └── MalformedError      what came is not what was promised
└── StopError           stop: trying again will not help        exit 1
    ├── RequestRefusedError the API says that our request is wrong
    └── LakeError           the lake refused
        └── CaseFoldedError     a disk that folds case has another key there
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class IngestError(Exception):
    """Any failure that ingest_core names.

    `what` says what is wrong and where, `hint` what to do next. Neither ever holds a secret.
    """

    exit_code = 1

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\n  → {self.hint}" if self.hint else self.what


class UsageError(IngestError):
    """The command or the event is wrong: change it and call again."""

    exit_code = 2


@dataclass(frozen=True)
class Mistake:
    """One mistake in a configuration.

    `path` leads to the value from the top of the settings, for example ("select", 0, "list"); `what` is the sentence
    a person reads. The core turns the path into a line and a column.
    """

    path: tuple[str | int, ...]
    what: str


@dataclass(frozen=True)
class Located:
    """A mistake and where it stands: file, line and column (both from 1; 0 where `file` is an option)."""

    file: str
    line: int
    column: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}" if self.line else f"{self.file}: {self.what}"


class ConfigError(UsageError):
    """The configuration is wrong. `mistakes` holds every one that was found, in the order of the file."""

    def __init__(self, mistakes: Iterable[Located]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


class PluginError(IngestError):
    """A plugin breaks its contract. The message names the plugin and what its author should do."""


class UndeclaredHostError(PluginError):
    """A source asks a host that its connection does not name."""


class CredentialsError(IngestError):
    """A key, token or right is missing or refused. The message says which setting; never its value."""

    exit_code = 4


class TransientError(IngestError):
    """A fault that passes: network, 429, 5xx after all retries. The slice stays open and is tried again."""

    exit_code = 3


class LockedError(IngestError):
    """Another run has the claim of this date. Whoever meets it writes nothing more."""

    exit_code = 5


class LeftError(IngestError):
    """A slice that a worker must not land where others work beside it. It fails nothing: the run itself lands it."""


class RecordError(IngestError):
    """A permanent fault of one record; its neighbours are not touched."""


class NotFoundError(RecordError):
    """The API does not have it."""


class MalformedError(RecordError):
    """What came is not what was promised: not JSON, too large, cut short, a redirect."""


class StopError(IngestError):
    """Trying again will not help, and going on would only repeat it."""


class RequestRefusedError(StopError):
    """The API says that the request itself is wrong (400, 405, 422, …)."""


class LakeError(StopError):
    """The lake refused, or cannot be reached after all retries."""


class CaseFoldedError(LakeError):
    """A disk that does not tell `a` from `A` holds another key there. A record then takes its hashed name."""
