"""A real run in a terminal of its own, and the screens that a person saw."""

from __future__ import annotations

import fcntl
import html
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from pathlib import Path

import pyte
from ingest_source_tmdb.simulator import Options, Simulator

COLUMNS, ROWS = 100, 24
CONFIG = """\
source: tmdb
lake: lake
rate: 60
settings:
  base_url: {base_url}
  token: env:TMDB_TOKEN
  select:
    - list: movie/popular
      pages: 40
"""
COLOURS = {
    "default": "#d8d6d0",
    "black": "#55565a",
    "red": "#ff7b72",
    "green": "#7ee2a8",
    "brown": "#f0c05a",
    "yellow": "#f0c05a",
    "blue": "#79b8ff",
    "magenta": "#d2a8ff",
    "cyan": "#76d9e6",
    "white": "#ffffff",
}
STYLE = """body { margin: 0; background: #16181d; }
pre { display: inline-block; margin: 0; padding: 18px 22px; color: #d8d6d0; }
pre { font: 14px/1.45 "DejaVu Sans Mono", monospace; }
.prompt { color: #7ee2a8; }"""


def screens() -> tuple[str, str]:
    """Two documents: the live view of a run as it goes, and the summary that it ends with."""
    options = Options(movies=1200, list_total=800, latency=0.05, faults=0.02, missing=0.01)
    with Simulator(options) as simulator, tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        (folder / "config").mkdir()
        (folder / "config/tmdb.yaml").write_text(CONFIG.format(base_url=simulator.base_url), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("ingest")), "run", "tmdb", "--date", "2026-11-23"]
        shown = list(_shown(command, folder, {"TMDB_TOKEN": simulator.options.token}))
    live = [screen for screen in shown if any("to go" in line for line, _ in screen)]
    if not live:
        raise SystemExit("the live view was never seen")
    words = "ingest run tmdb --date 2026-11-23"
    return _document(words, live[len(live) * 3 // 4]), _document(words, shown[-1])


Line = tuple[str, list[tuple[str, str, bool]]]


def _shown(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[list[Line]]:
    """The screen after each piece that the command writes to its terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    told = {**os.environ, **environment, "TERM": "xterm-256color"}
    for name in ("NO_COLOR", "INGEST_CONFIG_DIR", "INGEST_LAKE"):
        told.pop(name, None)
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=told) as process:
        os.close(theirs)
        screen = pyte.Screen(COLUMNS, ROWS)
        stream = pyte.ByteStream(screen)
        while True:
            ready, _, _ = select.select([ours], [], [], 0.1)
            if not ready and process.poll() is not None:
                break
            if not ready:
                continue
            try:
                piece = os.read(ours, 65_536)
            except OSError:  # Linux says so where the other end is closed
                break
            stream.feed(piece.replace(str(folder).encode(), b"~"))
            yield [_line(screen, row) for row in range(ROWS)]
    os.close(ours)


def _line(screen: pyte.Screen, row: int) -> Line:
    """The text of a row, and its pieces: text, colour, whether it is bold."""
    cells = [screen.buffer[row][column] for column in range(COLUMNS)]
    pieces: list[tuple[str, str, bool]] = []
    for cell in cells:
        if pieces and pieces[-1][1:] == (cell.fg, cell.bold):
            pieces[-1] = (pieces[-1][0] + cell.data, cell.fg, cell.bold)
        else:
            pieces.append((cell.data, cell.fg, cell.bold))
    return "".join(cell.data for cell in cells).rstrip(), pieces


def _document(command: str, screen: list[Line]) -> str:
    last = max((number for number, (text, _) in enumerate(screen) if text), default=0)
    lines = ["".join(map(_piece, pieces)).rstrip() for _, pieces in screen[: last + 1]]
    text = "\n".join([f'<span class="prompt">$</span> {html.escape(command)}', *lines])
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><pre>{text}</pre>"


def _piece(piece: tuple[str, str, bool]) -> str:
    text, colour, is_bold = piece
    style = f"color:{COLOURS.get(colour, '#' + colour)}" + (";font-weight:700" if is_bold else "")
    return (
        html.escape(text)
        if colour == "default" and not is_bold
        else f'<span style="{style}">{html.escape(text)}</span>'
    )
