"""The command `ingest`. click and rich are imported here alone, and not before the command runs."""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point of the command: runs it and exits."""
    try:
        from ingest_core.cli.app import run_command
    except ModuleNotFoundError as error:
        if error.name not in {"click", "rich"}:
            raise
        sys.stderr.write(f"the command needs {error.name}: pip install ingest-core\n")
        sys.exit(1)
    sys.exit(run_command(sys.argv[1:]))
