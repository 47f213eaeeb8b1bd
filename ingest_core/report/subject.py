"""What a page is about, and where what it says comes from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingest_core.config import Config, Document, effective, frozen_keys
from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake
from ingest_core.model import Source
from ingest_core.report.masking import masked
from ingest_core.state import RunState

MONTHS = 12


def _never() -> bool:
    return False


def _unknown(state: RunState | None) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page is about.

    `keys` name the run, None where the config has none yet; `now` is the hour it is made, `today` the day in the
    config's timezone. `settings` is the config as it counts for a run whose state that is, `notices` what the APIs of
    sources ask to be told. Once `is_over` says so, no more is read, and the page says what is missing.
    """

    lake: Lake
    label: str
    config: str
    source: str
    keys: ControlKeys | None
    today: dt.date = dt.date.min
    now: dt.datetime = dt.datetime.min
    settings: Callable[[RunState | None], Mapping[str, Any]] = _unknown
    notices: Mapping[str, str] = field(default_factory=dict)
    months: int = MONTHS
    is_over: Callable[[], bool] = _never


def subject_of(config: Config, document: Document, source: Source, lake: Lake, keys: ControlKeys | None) -> Subject:
    """The run that `keys` name, of that config; what the hour is, and the notices, are left to the caller."""

    def settings(state: RunState | None) -> Mapping[str, Any]:
        """The config as it is, and over it what the run was begun with."""
        frozen = {} if state is None else frozen_keys(state.frozen)
        told: Mapping[str, Any] = masked({**effective(document, source), **frozen})
        return told

    return Subject(lake, config.label, config.name, source.name, keys, settings=settings)
