"""The one generic AWS Lambda handler: `ingest_core.lambda_handler.handler`.

The function's own package holds `config/` alone; everything else is in the layer. The event names a config and may
give no more than an allow-list beside it; it can name no file, bucket, URL, plugin or request parameter.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import re
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from msgspec import Struct

from ingest_core.assembly import Wish, Workspace
from ingest_core.codes import Code
from ingest_core.config import logical_date
from ingest_core.errors import IngestError, UsageError
from ingest_core.hooks import hookimpl
from ingest_core.keys import CONFIG_NAME
from ingest_core.lake import S3_SCHEME
from ingest_core.logs import wanted_level
from ingest_core.model import Fault, Report, Status

logger = logging.getLogger("ingest_core")

RESERVE_SECONDS = 10.0
_CONFIG = re.compile(CONFIG_NAME)
_ALLOWED = ("source", "date", "limit", "refresh", "step", "round", "segment")
# What may not stand beside a step.
_BESIDE_STEP = {
    "check": ("date", "limit", "refresh"),
    "plan": ("limit",),
    "land": ("limit", "refresh"),
    "commit": ("limit", "refresh"),
}
_STEPS = tuple(_BESIDE_STEP)
MOST_NUMBER = 999_999_999


class Event(Struct, frozen=True):
    """A checked event."""

    source: str
    date: str | None = None
    limit: int | None = None
    refresh: bool = False
    step: str | None = None
    round: int = 0
    segment: int = 0


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Runs the config that `event["source"]` names.

    Returns `{"status": "done|partial|locked|failed", "source", "date", "run", "counts", "manifest"}`, and `problems`
    and `error` where there were any. Raises UsageError for a wrong event or config, before any request is made.
    With `"step": "check"` it runs nothing and returns what `self_check` does. `plan`, `land` (of a `round` and a
    `segment`) and `commit` are the steps of a state machine; what those before a map answer has `map` beside the rest.
    """
    asked = parse_event(event)
    workspace = _workspace()
    if asked.step == "check":
        from ingest_core.selfcheck import self_check  # asked for once in a while: no run waits for its import

        return self_check(workspace, asked.source, _remaining(context))
    wish = Wish(date=asked.date, limit=asked.limit, seconds=_seconds_left(context), refresh=asked.refresh)
    try:
        report = _ran(workspace, asked, wish)
    except UsageError:
        raise
    except IngestError as error:
        logger.error("%s", error)  # noqa: TRY400 -- the sentence is the message; a traceback would bury it
        fault = workspace.masked(Fault.of(error))
        return {"status": Status.FAILED.value, "source": asked.source, "error": fault._asdict()}
    if report.error is not None:
        level = logging.ERROR if report.status is Status.FAILED else logging.WARNING
        logger.log(level, "%s: %s [%s]", report.run, report.error.what, report.error.code)
    return answer(report)


def _ran(workspace: Workspace, asked: Event, wish: Wish) -> Report:
    if asked.step is None:
        return workspace.run(asked.source, wish)
    use = workspace.use(asked.source, wish)
    if asked.step == "land":
        return workspace.land(use, wish, asked.round, asked.segment)
    return workspace.coordinate(use, wish, collects=asked.step == "commit")


def _remaining(context: Any) -> float | None:
    """Seconds that are left of the function's timeout; None if unsaid."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return None if remaining is None else float(remaining() / 1000)


def _seconds_left(context: Any) -> float | None:
    """What is left for a run, less what it takes to give the claim back and answer; None if unsaid."""
    remaining = _remaining(context)
    return None if remaining is None else max(0.0, remaining - RESERVE_SECONDS)


def parse_event(event: Any) -> Event:
    """The event, checked. Raises UsageError with what is wrong and what is allowed; does no I/O."""
    if not isinstance(event, Mapping):
        raise _wrong(f"it is a {type(event).__name__}, not an object")
    unknown = sorted(str(key)[:40] for key in set(event) - set(_ALLOWED))
    if unknown:
        raise _wrong(f"unknown {', '.join(map(repr, unknown))}; allowed: {', '.join(_ALLOWED)}")
    source = event.get("source")
    if not isinstance(source, str) or not _CONFIG.fullmatch(source):
        raise _wrong("'source' must be the name of a config, such as 'tmdb'")
    step = _step(event)
    limit = event.get("limit")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise _wrong("'limit' must be a whole number from 1")
    date = event.get("date")
    if date is not None:
        if not isinstance(date, str):
            raise _wrong("'date' must be text: 2026-11-23, or 2026-11-23T06:00:00Z")
        logical_date(date, dt.UTC, dt.datetime.now(dt.UTC))
    refresh = event.get("refresh", False)
    if not isinstance(refresh, bool):
        raise _wrong("'refresh' must be true or false")
    if step == "land":
        return Event(source, date, step=step, round=event["round"], segment=event["segment"])
    return Event(source, date, limit, refresh, step)


def _step(event: Mapping[str, Any]) -> str | None:
    """The step that the event asks for, None where it asks for none; what must and must not be beside it is."""
    step = event.get("step")
    if step is not None and (not isinstance(step, str) or step not in _STEPS):
        raise _wrong(f"'step' must be one of {', '.join(_STEPS)}")
    if step is not None and (beside := [name for name in _BESIDE_STEP[step] if event.get(name)]):
        raise _wrong(f"'step': {step!r} stands without {' and '.join(map(repr, beside))}")
    for name in ("round", "segment"):
        number = event.get(name)
        if step == "land" and (type(number) is not int or not 0 <= number <= MOST_NUMBER):
            raise _wrong(f"'step': 'land' has a {name!r}, a whole number from 0")
        if step not in {"land", "commit"} and number is not None:
            raise _wrong(f"{name!r} belongs to the step 'land'")
    if step in {"land", "commit"} and event.get("date") is None:
        raise _wrong(f"'step': {step!r} has the 'date' of the step before")
    return step


def _wrong(what: str) -> UsageError:
    return UsageError(
        f"wrong event: {what}", Code.EVENT, hint='send {"source": "tmdb"}, with "date" or "limit" beside it'
    )


def answer(report: Report) -> dict[str, Any]:
    """What the handler returns for a run."""
    told: dict[str, Any] = {
        "status": report.status.value,
        "source": report.config,
        "date": report.date.isoformat(),
        "run": report.run,
        "counts": asdict(report.counts),
        "manifest": report.manifest,
    }
    if report.handed is not None:
        bucket, _, prefix = report.lake.removeprefix(S3_SCHEME).partition("/")
        told["map"] = {
            **asdict(report.handed),
            "bucket": bucket,
            "key": f"{prefix}/{report.handed.key}" if prefix else report.handed.key,
        }
    if report.problems:
        told["problems"] = list(report.problems)
    if report.error is not None:
        told["error"] = report.error._asdict()
    return told


class Metrics:
    """Writes one line in CloudWatch's Embedded Metric Format for each run."""

    @hookimpl
    def ingest_run_finished(self, report: Report) -> None:
        counts = asdict(report.counts)
        names = ["records", "missing", "rejected", "requests", "retries", "throttled", "bytes", "seconds"]
        names += ["failed", "committed"]
        metric: dict[str, Any] = {
            "_aws": {
                "Timestamp": int(time.time() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": "ingest_core",
                        "Dimensions": [["source"]],
                        "Metrics": [{"Name": name} for name in names],
                    }
                ],
            },
            "source": report.config,
            "run": report.run,
            "status": report.status.value,
            **{name: counts[name] for name in names if name in counts},
            "seconds": round(report.seconds, 3),
            "failed": int(report.status is Status.FAILED),
            "committed": int(report.manifest is not None),
        }
        print(json.dumps(metric), flush=True)  # noqa: T201 -- standard output is where CloudWatch reads metrics


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        # CloudWatch filters by `level` where it finds a `timestamp` (RFC 3339) beside it.
        when = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        line = {
            "timestamp": when.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line)


@cache
def _workspace() -> Workspace:
    """Made once a container, as its clients are."""
    workspace = Workspace()
    workspace.plugins.add_observer(Metrics())
    logger.setLevel(wanted_level(os.environ, logging.INFO))
    if not logger.handlers:
        own = logging.StreamHandler()
        own.setFormatter(JsonLines())
        logger.addHandler(own)
        logger.propagate = False
    workspace.redactor.guard([*logger.handlers, *logging.getLogger().handlers])
    return workspace
