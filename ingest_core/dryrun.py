"""The folder of a dry run: marked as its own, and emptied each time."""

from __future__ import annotations

import shutil
from pathlib import Path

from ingest_core.codes import Code
from ingest_core.errors import UsageError
from ingest_core.keys import CONTROL, RECORDS

FOLDER = "dry-run"
MARK = ".ingest-dry-run"
OURS = {MARK, RECORDS, CONTROL}


def refuse_dry_folder(lake: str) -> None:
    """Raises UsageError where `lake` is a folder that the next dry run would empty."""
    if "://" not in lake and (Path(lake).expanduser() / MARK).is_file():
        raise UsageError(
            f"{lake} is the folder of a dry run, which empties it each time",
            Code.FOLDER,
            hint="choose another folder for the lake",
        )


def fresh_folder(folder: Path) -> None:
    """Makes `folder` empty but for its mark. Raises UsageError where it holds what no dry run put there."""
    mark = folder / MARK
    try:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise UsageError(f"{folder} is not a folder", Code.FOLDER, hint="choose another --out")
        inside = {child.name for child in folder.iterdir()} if folder.is_dir() else set()
        if inside and (not mark.is_file() or inside - OURS):
            raise UsageError(
                f"{folder} holds files that no dry run put there; a dry run begins with an empty folder",
                Code.FOLDER,
                hint="choose another --out, or empty the folder yourself",
            )
        for name in (RECORDS, CONTROL):
            if (folder / name).is_symlink():
                raise UsageError(f"{folder / name} is a link", Code.FOLDER, hint="choose another --out")
            if (folder / name).exists():
                shutil.rmtree(folder / name)
        folder.mkdir(parents=True, exist_ok=True)
        mark.write_text("`ingest run --dry-run` empties this folder each time.\n")
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror or error}", Code.FOLDER, hint="choose another --out") from error
