"""The workspace of one command, its log guarded."""

from __future__ import annotations

import logging

from ingest_core.assembly import Workspace, guard_logs


def open_workspace() -> Workspace:
    """A workspace whose secrets are masked in everything that is logged."""
    workspace = Workspace()
    guard_logs(workspace.redactor, logging.getLogger().handlers)
    return workspace
