"""The workspace of one command, its log guarded."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest_core.assembly import Use, Wish, Workspace
from ingest_core.cli.output import mask_with, say
from ingest_core.codes import Code
from ingest_core.config import config_folder, config_names
from ingest_core.errors import IngestError, UsageError
from ingest_core.keys import labels_root
from ingest_core.lake import S3_SCHEME, Lake, S3Options


def open_workspace(engine: str | None = None) -> Workspace:
    """A workspace whose secrets are masked in everything that is logged, and in errors.

    `engine` counts instead of INGEST_ENGINE.
    """
    workspace = Workspace(os.environ if engine is None else {**os.environ, "INGEST_ENGINE": engine})
    workspace.redactor.guard(logging.getLogger().handlers)
    mask_with(workspace.redactor.clean)
    return workspace


def uses(workspace: Workspace, names: Iterable[str] = (), lake: str | None = None) -> Iterator[Use]:
    """The configs of these names; without any, those of the folder, and what is wrong with one is said in passing."""
    for name in names or config_names(config_folder(workspace.environment)):
        try:
            yield workspace.use(name, Wish(lake=lake))
        except IngestError as error:
            if names:
                raise
            say(f"{name}: {error.coded}")


def require_lake(workspace: Workspace, lake: str | None = None) -> None:
    """Raises UsageError where --lake or INGEST_LAKE names a place in which no run has landed anything.

    A config's own lake may be that: its first run makes it.
    """
    uri = lake or workspace.environment.get("INGEST_LAKE", "")
    if not uri:
        return
    where = workspace.lake_at(uri, S3Options())
    if next(iter(where.folders(labels_root())), None) is not None:
        return
    is_absent = not uri.startswith(S3_SCHEME) and not Path(uri).expanduser().is_dir()
    why = "there is no such folder" if is_absent else "no run has landed anything there, as it has no _ingest/"
    by = "--lake" if lake else "INGEST_LAKE"
    raise UsageError(
        f"{where.uri} is no lake: {why}",
        Code.LAKE_NONE,
        hint=f"correct {by}; or land something there: ingest run SOURCE --lake {shlex.quote(uri)}",
    )


def lakes(workspace: Workspace, lake: str | None = None) -> list[Lake]:
    """Every lake that a config names, each once; or the one that --lake or INGEST_LAKE says, without a config too."""
    found = {use.config.lake: workspace.lake(use.config) for use in uses(workspace, lake=lake)}
    uri = lake or workspace.environment.get("INGEST_LAKE", "")
    return list(found.values()) or ([workspace.lake_at(uri, S3Options())] if uri else [])
