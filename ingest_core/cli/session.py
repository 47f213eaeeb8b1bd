"""The workspace of one command, its log guarded."""

from __future__ import annotations

import logging
import os

from ingest_core.assembly import Workspace, guard_logs
from ingest_core.cli.output import mask_with


def open_workspace(engine: str | None = None) -> Workspace:
    """A workspace whose secrets are masked in everything that is logged, and in errors.

    `engine` counts instead of INGEST_ENGINE.
    """
    workspace = Workspace(os.environ if engine is None else {**os.environ, "INGEST_ENGINE": engine})
    guard_logs(workspace.redactor, logging.getLogger().handlers)
    mask_with(workspace.redactor.clean)
    return workspace
