"""The folder of a dry run: marked as its own, and emptied each time."""

from __future__ import annotations

import shutil
from pathlib import Path

from ingest_core.errors import UsageError

MARK = ".ingest-dry-run"


def fresh_folder(folder: Path) -> None:
    """Makes `folder` empty but for its mark. Raises UsageError where it holds what no dry run put there."""
    mark = folder / MARK
    try:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise UsageError(f"{folder} is not a folder", hint="choose another --out")
        if folder.is_dir() and any(folder.iterdir()) and not mark.is_file():
            raise UsageError(
                f"{folder} holds files that no dry run put there; a dry run begins with an empty folder",
                hint="choose another --out, or empty the folder yourself",
            )
        if folder.is_dir():
            for child in folder.iterdir():
                if child.is_dir() and not child.is_symlink():
                    shutil.rmtree(child)
                elif child != mark:
                    child.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        mark.write_text("`ingest run --dry-run` empties this folder each time.\n")
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror or error}", hint="choose another --out") from error
