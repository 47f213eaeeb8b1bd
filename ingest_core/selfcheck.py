"""What a deployed function says of itself: is everything ready for a run, where it runs?"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

from ingest_core.assembly import Wish, Workspace
from ingest_core.aws import boto3_version
from ingest_core.checkup import checkup
from ingest_core.model import Status
from ingest_core.version import __version__


def self_check(workspace: Workspace, name: str, seconds: float | None) -> dict[str, Any]:
    """The findings of a checkup of the config `name`, and the facts that only the function knows.

    `seconds` is what is left of the function's timeout. No record is fetched and nothing is written.

    Returns `{"status": "done|failed", "source", "step": "check", "findings", "function", "clock", "versions"}`: each
    finding is `{"what", "ok", "about", "hint", "exit_code", "code"}`, the function `{"version", "memory_mb",
    "seconds"}`, the clock an instant.
    """
    findings = list(checkup(workspace, name, Wish(), offline=False))
    clean = workspace.redactor.clean
    return {
        "status": (Status.DONE if all(found.ok for found in findings) else Status.FAILED).value,
        "source": name,
        "step": "check",
        "findings": [
            {
                "what": found.what,
                "ok": found.ok,
                "about": clean(found.about),
                "hint": clean(found.hint),
                "exit_code": found.exit_code,
                "code": found.code,
            }
            for found in findings
        ],
        "function": _function(workspace.environment, seconds),
        "clock": workspace.clock.now().isoformat(),
        "versions": _versions(workspace),
    }


def _function(environment: Mapping[str, str], seconds: float | None) -> dict[str, Any]:
    """The names are Lambda's (Developer Guide, "Defined runtime environment variables"); outside it they are empty."""
    memory = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    return {
        "version": environment.get("AWS_LAMBDA_FUNCTION_VERSION"),
        "memory_mb": int(memory) if memory.isdigit() else None,
        "seconds": seconds,
    }


def _versions(workspace: Workspace) -> dict[str, str]:
    sources = {name: installed.version for name, installed in sorted(workspace.plugins.sources.items())}
    return {
        "ingest_core": __version__,
        "python": platform.python_version(),
        "boto3": boto3_version(),
        **sources,
    }
