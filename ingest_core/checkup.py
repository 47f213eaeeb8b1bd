"""Is everything ready for a run? Each answer on its own, with what to do where it is no."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ingest_core.assembly import Use, Wish, Workspace
from ingest_core.errors import IngestError

NOTHING = "_ingest/check"  # a key that nobody writes


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `ingest check`: what was looked at, whether it is well, and what to do where it is not."""

    what: str
    ok: bool
    about: str
    hint: str = ""
    exit_code: int = 0


def checkup(workspace: Workspace, name: str, wish: Wish, *, offline: bool) -> Iterator[Finding]:
    """Config first; where that is well, and unless `offline`, the secrets, one cheap request and the lake."""
    try:
        use = workspace.use(name, wish)
    except IngestError as error:
        yield _bad("config", error)
        return
    yield Finding("config", True, f"{use.config.name}: source {use.source.name}, label {use.config.label}")
    if offline:
        return
    yield _look("secrets", lambda: _secrets(workspace, use))
    if use.source.connect is None:
        yield Finding("api", True, "this source has no network")
    else:
        yield _look("api", lambda: _api(workspace, use))
    yield _look("lake", lambda: _lake(workspace, use))


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
        return _bad(what, error)


def _bad(what: str, error: IngestError) -> Finding:
    return Finding(what, False, error.what, error.hint, error.exit_code)
