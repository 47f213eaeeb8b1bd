"""The prompt of `ingest sql`: statements up to their `;`, lines edited and remembered by readline."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from ingest_core.cli.console import print_error
from ingest_core.cli.output import data, say
from ingest_core.errors import IngestError
from ingest_core.query import is_complete

PROMPT, MORE = "sql> ", "  -> "
REMEMBERED = 1000
_ENDS = {".exit", ".quit", "exit", "quit", "\\q"}


def converse(run: Callable[[str], None], names: Sequence[str], environment: Mapping[str, str]) -> None:
    """Asks for statements and runs them until the input ends. An error is told, and the next statement asked for."""
    say(f"views: {', '.join(names) or 'none: no config has landed anything'}")
    say("a statement ends with ; · DESCRIBE a view for its columns · Ctrl-D leaves")
    with _remembering(environment, names):
        for text in _statements():
            try:
                run(text)
            except IngestError as error:
                print_error(error, as_json=False)
            except KeyboardInterrupt:
                say("interrupted")


def _statements() -> Iterator[str]:
    lines: list[str] = []
    while True:
        try:
            # Python edits lines on the true standard output alone.
            with redirect_stdout(data()):
                line = input(MORE if lines else PROMPT)
        except EOFError:
            say("")
            return
        except KeyboardInterrupt:
            say("")
            lines.clear()
            continue
        if not lines and line.strip().rstrip(";").lower() in _ENDS:
            return
        lines.append(line)
        if not any(map(str.strip, lines)):
            lines.clear()
        elif is_complete("\n".join(lines)):
            yield "\n".join(lines)
            lines.clear()


@contextmanager
def _remembering(environment: Mapping[str, str], names: Sequence[str]) -> Iterator[None]:
    """Earlier lines by the arrow keys, names of views by Tab; where Python has no readline, neither."""
    try:
        import readline
    except ImportError:
        yield
        return
    home = environment.get("XDG_STATE_HOME") or "~/.local/state"
    path = Path(home).expanduser() / "ingest/sql_history"
    if path.is_file():
        try:
            readline.read_history_file(path)
        except OSError as error:
            say(f"the history is not read: {error}")
    readline.set_history_length(REMEMBERED)
    readline.parse_and_bind("tab: complete")
    readline.set_completer_delims(" \t\n,();.=<>")
    readline.set_completer(lambda text, number: [*(n for n in names if n.startswith(text)), None][number])
    try:
        yield
    finally:
        readline.set_completer(None)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            readline.write_history_file(path)
        except OSError as error:
            say(f"the history is not kept: {error}")
