"""Every path of the lake is spelt here, and nowhere else.

Records    Raw/<Label>/JSON[/<Specification>]/YYYY/MM/DD/<file>.json
Control    _ingest/<Label>/<config>/YYYY-MM-DD/g<N>/…
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import re
from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_LARGEST = 10**1000  # Python itself refuses to write integers of more than 4,300 digits
LABEL = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
CONFIG_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
_RUN = re.compile(
    f"({CONFIG_NAME})/([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})/(?:g([1-9][0-9]{{0,5}})|trial-([1-9][0-9]{{0,5}}))"
)
RECORDS = "Raw"
CONTROL = "_ingest"


def id_text(id: object) -> str | None:
    """The text of a record's id, or None where it is no id: only integers and non-empty UTF-8 strings are."""
    if isinstance(id, str):
        return id if id and _is_utf8(id) else None
    if isinstance(id, int) and not isinstance(id, bool):
        return str(id) if abs(id) < _LARGEST else None
    return None


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which no part could hold
        return False
    return True


def file_stem(id: str) -> str:
    """The id itself where it is safe in every file system and URL, else `sha256.<hex>` of its UTF-8 bytes.

    Injective: a safe id has no dot, so it is never mistaken for a hashed one.
    """
    return id if _SAFE_ID.fullmatch(id) else hashed_stem(id)


def hashed_stem(id: str) -> str:
    """`sha256.<hex>` of the id's UTF-8 bytes."""
    return f"sha256.{hashlib.sha256(id.encode('utf-8', 'surrogatepass')).hexdigest()}"


class RecordKeys(Struct, frozen=True):
    """The keys of one run's records.

    `specification` maps a stream to the folder before the date; the stream "*" stands for all others. A stream with
    a folder of its own has `<id>.json`; without one, a source of several streams has `<stream>-<id>.json`, so that
    movie 11 and show 11 never meet.
    """

    label: str
    date: dt.date
    streams: tuple[str, ...] = ()
    specification: Mapping[str, str] = field(default_factory=dict)

    def folder(self, stream: str) -> str:
        """The folder of a stream's records on this run's date, with a slash at its end."""
        specification = self.specification.get(stream) or self.specification.get("*")
        parts = [
            RECORDS,
            self.label,
            "JSON",
            *([specification] if specification else []),
            self.date.isoformat().replace("-", "/"),
        ]
        return "/".join(parts) + "/"

    def common_folder(self) -> str:
        """The folder under which all records of the run lie, for a person to look at."""
        folders = {self.folder(stream) for stream in self.streams or ("",)}
        return folders.pop() if len(folders) == 1 else f"{RECORDS}/{self.label}/JSON/"

    def key(self, stream: str, id: str) -> str:
        """The key of one record."""
        return f"{self.folder(stream)}{self._prefix(stream)}{file_stem(id)}.json"

    def hashed_key(self, stream: str, id: str) -> str:
        """The key of one record on a disk where another id's takes the place of its own: `Abc` and `abc`."""
        return f"{self.folder(stream)}{self._prefix(stream)}{hashed_stem(id)}.json"

    def batch_key(self, stream: str, slice_name: str, number: int, generation: int, ending: str = ".json") -> str:
        """The key of a file of many records: named after the slice, as all its records are of one stream.

        Generations after the first have names of their own, so that none ever writes into another's file.
        """
        later = f"-g{generation}" if generation > 1 else ""
        stem = file_stem(f"{slice_name.replace('.', '_')}-{number:03d}{later}")
        return f"{self.folder(stream)}{self._prefix(stream)}{stem}{ending}"

    def folders(self) -> list[str]:
        """Every folder that records of this run can lie in, sorted."""
        return sorted({self.folder(stream) for stream in self.streams or ("",)})

    def collisions(self) -> list[tuple[str, str]]:
        """Pairs of streams whose records could get the same key, on a disk that folds case at the latest."""
        return [
            (one, other)
            for one, other in itertools.combinations(self.streams, 2)
            if self.folder(one).casefold() == self.folder(other).casefold()
            and not (self._prefix(one) and self._prefix(other))
        ]

    def _prefix(self, stream: str) -> str:
        return f"{stream}-" if len(self.streams) > 1 and stream not in self.specification else ""


def page_key(label: str) -> str:
    """The picture of the newest run of a label, where a config wants one."""
    return f"{label_root(label)}report.html"


def labels_root() -> str:
    """The folder of all labels."""
    return f"{CONTROL}/"


def label_root(label: str) -> str:
    """The folder of all configs of one label."""
    return f"{CONTROL}/{label}/"


def control_root(label: str, config: str) -> str:
    """The folder of all runs of one config."""
    return f"{label_root(label)}{config}/"


class ControlKeys(Struct, frozen=True):
    """The keys of one run's own files: of a generation, or (generation 0) of a trial by --limit."""

    label: str
    config: str
    date: dt.date
    generation: int = 1
    trial: int = 0

    @property
    def day(self) -> str:
        return f"{control_root(self.label, self.config)}{self.date.isoformat()}/"

    @property
    def root(self) -> str:
        return f"{self.day}{self._pass}/"

    @property
    def run(self) -> str:
        """The name of the run: `<config>/YYYY-MM-DD/g<N>`."""
        return f"{self.config}/{self.date.isoformat()}/{self._pass}"

    @classmethod
    def of_run(cls, label: str, run: str) -> ControlKeys | None:
        """The keys of the run of that name; None where it is no name of a run."""
        named = _RUN.fullmatch(run)
        if named is None:
            return None
        config, day, generation, trial = named.groups()
        try:
            date = dt.date.fromisoformat(day)
        except ValueError:
            return None
        return cls(label, config, date, int(generation or 0), int(trial or 0))

    @property
    def _pass(self) -> str:
        return f"g{self.generation}" if self.generation else f"trial-{self.trial}"

    @property
    def state(self) -> str:
        return f"{self.day}state.json"

    @property
    def lock(self) -> str:
        """Held, on a disk, by whoever runs this date; empty."""
        return f"{self.day}state.lock"

    def of(self, generation: int) -> ControlKeys:
        """The keys of another generation of the same day."""
        return replace(self, generation=generation, trial=0)

    def of_trial(self, trial: int) -> ControlKeys:
        """The keys of a trial of the same day."""
        return replace(self, generation=0, trial=trial)

    def earlier(self, generations: int, trials: int) -> list[ControlKeys]:
        """The keys of everything that came before this generation or trial, of so many that there have been by now."""
        passes = [
            *(self.of_trial(trial) for trial in range(1, trials + 1)),
            *(self.of(generation) for generation in range(1, generations + 1)),
        ]
        return [keys for keys in passes if keys != self]

    def plan(self, round: int, segment: int) -> str:
        return f"{self.root}plan-{round}-{segment}.json"

    def part(self, slice_name: str) -> str:
        return f"{self.root}parts/{slice_name}.json"

    def intent(self, slice_name: str, epoch: int, number: int, worker: str = "") -> str:
        """`worker` tells apart those that work under one claim."""
        return f"{self.intents(slice_name)}{epoch}-{number}{worker and '-'}{worker}.json"

    def intents(self, slice_name: str) -> str:
        """The folder of a slice's intents."""
        return f"{self.root}intents/{slice_name}/"

    @property
    def quarantine_root(self) -> str:
        """The folder of everything that the run rejected."""
        return f"{self.root}quarantine/"

    def quarantine(self, slice_name: str, epoch: int, number: int, worker: str = "") -> str:
        return f"{self.quarantine_root}{slice_name}/{epoch}-{number}{worker and '-'}{worker}.json"

    def map(self, round: int) -> str:
        """What a round has for workers: an array that a state machine reads."""
        return f"{self.root}map-{round}.json"

    @property
    def accounts(self) -> str:
        """The folder of the accounts of its attempts."""
        return f"{self.root}attempts/"

    def account(self, ended: dt.datetime) -> str:
        """What the attempt that ended then tells of itself; in the order of keys, the oldest first."""
        return f"{self.accounts}{ended.astimezone(dt.UTC):%Y%m%dT%H%M%S.%fZ}.json"

    def manifest(self, supplement: int = 0) -> str:
        """The commit; `supplement` counts what replays of the quarantine added to it."""
        return f"{self.root}manifest-{supplement}.json" if supplement else f"{self.root}manifest.json"
