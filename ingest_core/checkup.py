"""Is everything ready for a run? Each answer on its own, with what to do where it is no."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ingest_core.assembly import Use, Wish, Workspace
from ingest_core.errors import ConfigError, IngestError

NOTHING = "_ingest/check"  # a key that nobody writes


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `ingest check`: what was looked at and whether it is well; where not, what to do, and the code."""

    what: str
    ok: bool
    about: str
    hint: str = ""
    exit_code: int = 0
    code: str = ""


def checkup(workspace: Workspace, name: str, wish: Wish, *, offline: bool, stamp: bool = False) -> Iterator[Finding]:
    """Config first; where that is well, and unless `offline`, the secrets, one cheap request and the lake.

    `stamp` has it written beside the config that it is well.
    """
    try:
        use = workspace.use(name, wish, anew=True)
    except IngestError as error:
        yield bad("config", error)
        return
    yield Finding("config", True, f"{use.config.name}: source {use.source.name}, label {use.config.label}")
    yield from _stamp(workspace, name, stamp=stamp)
    if offline:
        return
    yield _look("secrets", lambda: _secrets(workspace, use))
    if use.source.connect is None:
        yield Finding("api", True, "this source has no network")
    else:
        yield _look("api", lambda: _api(workspace, use))
    yield _look("lake", lambda: _lake(workspace, use))


def _stamp(workspace: Workspace, name: str, *, stamp: bool) -> Iterator[Finding]:
    if stamp:
        yield _look("stamp", lambda: f"{workspace.stamp(name)} written: a cold start need not judge the config again")
        return
    counts = workspace.is_stamped(name)
    if counts:
        yield Finding("stamp", True, "of this very config: a cold start need not judge it again")
    elif counts is False:
        about = "of another text, plugin or version: it is left aside, and a cold start judges the config as ever"
        yield Finding("stamp", True, about, hint=f"ingest check {name} --stamp")


def _secrets(workspace: Workspace, use: Use) -> str:
    references = workspace.reveal_secrets(use)
    return f"{', '.join(references)} can be read" if references else "none are needed"


def _api(workspace: Workspace, use: Use) -> str:
    if use.recording is not None:
        return "recorded answers stand for it"
    probed = workspace.probe(use)
    if probed is None:
        return "the source names nothing cheap to ask"
    return f"{probed.url} answered {probed.status}"


def _lake(workspace: Workspace, use: Use) -> str:
    lake = workspace.lake(use.config)
    lake.check_writable()
    # What a run needs besides: each is a right of its own in S3.
    lake.get(NOTHING)
    next(iter(lake.entries(NOTHING)), None)
    return f"{lake.uri} can be written to and read"


def _look(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except IngestError as error:
        return bad(what, error)


def bad(what: str, error: IngestError) -> Finding:
    """The finding that says so."""
    # A config has many mistakes, each with a code of its own.
    about = error.coded if isinstance(error, ConfigError) else error.what
    return Finding(what, False, about, error.hint, error.exit_code, error.code.value)
