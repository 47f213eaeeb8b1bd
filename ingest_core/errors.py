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

Each has a code as well, by which its page is found: codes.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ingest_core.codes import Code


class IngestError(Exception):
    """Any failure that ingest_core names.

    `what` says what is wrong and where, `hint` what to do next. Neither ever holds a secret. `code` names its page; the
    core gives each its own, and where none is given, it says that a source raised it.
    """

    exit_code = 1
    code = Code.SOURCE_STOPS

    def __init__(self, what: str, code: Code | None = None, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.code = code or self.code

    @property
    def coded(self) -> str:
        """What is wrong, its code behind it."""
        return f"{self.what} [{self.code}]"

    def __str__(self) -> str:
        return f"{self.coded}\n  → {self.hint}" if self.hint else self.coded


class UsageError(IngestError):
    """The command or the event is wrong: change it and call again."""

    exit_code = 2
    code = Code.SOURCE_SETTINGS


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
    code: Code = Code.CONFIG_REFUSED

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}" if self.line else f"{self.file}: {self.what}"


class ConfigError(UsageError):
    """The configuration is wrong. `mistakes` holds every one that was found, in the order of the file.

    Each has a code of its own; `code` is the first one's.
    """

    def __init__(self, mistakes: Iterable[Located]) -> None:
        self.mistakes = tuple(mistakes)
        first = self.mistakes[0].code if self.mistakes else Code.CONFIG_REFUSED
        super().__init__("\n".join(map(str, self.mistakes)), first)

    @property
    def coded(self) -> str:
        return "\n".join(f"{mistake} [{mistake.code}]" for mistake in self.mistakes)


class PluginError(IngestError):
    """A plugin breaks its contract. The message names the plugin and what its author should do."""

    code = Code.SOURCE_CONTRACT


class UndeclaredHostError(PluginError):
    """A source asks a host that its connection does not name."""


class CredentialsError(IngestError):
    """A key, token or right is missing or refused. The message says which setting; never its value."""

    exit_code = 4
    code = Code.KEY_REFUSED


class TransientError(IngestError):
    """A fault that passes: network, 429, 5xx after all retries. The slice stays open and is tried again."""

    exit_code = 3
    code = Code.SOURCE_WAITS


class LockedError(IngestError):
    """Another run has the claim of this date. Whoever meets it writes nothing more."""

    exit_code = 5
    code = Code.LOCKED


class LeftError(IngestError):
    """A slice that a worker must not land where others work beside it. It fails nothing: the run itself lands it."""

    code = Code.LEFT


class RecordError(IngestError):
    """A permanent fault of one record; its neighbours are not touched."""

    code = Code.SOURCE_RECORD


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
