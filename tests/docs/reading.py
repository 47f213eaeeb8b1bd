"""Somebody who follows a page to the letter: each file is written, each command typed, each output compared."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

# What needs the network or an account; and what must not change the environment that runs this.
NOT_TYPED = {"pip install 'ingest-core[testing]'", "twine upload dist/*"}


class Reader:
    """Somebody who does what the page says, with a port of their own."""

    def __init__(self, home: Path, port: int) -> None:
        self.folder = home
        self.site = home / "site"
        self.port = port
        self.servers: list[subprocess.Popen[bytes]] = []
        hidden = {"INGEST_CONFIG_DIR", "PYTEST_CURRENT_TEST", "INGEST_LAKE"}
        self.environment = {name: value for name, value in os.environ.items() if name not in hidden}
        self.environment |= {"NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}

    def do(self, place: str, kind: str, text: str) -> None:
        text = re.sub(r"\b(8765|8099)\b", str(self.port), text)
        if kind != "console":
            assert place, f"this block has no file:\n{text}"
            (self.folder / place).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / place).write_text(text, encoding="utf-8")
            return
        for typed in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, expected = typed.partition("\n")
            printed = self.type(command)
            for line in filter(None, expected.splitlines()):
                pattern = ".*".join(re.escape(piece) for piece in line.strip().split("…"))
                assert re.search(pattern, printed), f"$ {command}\nprinted no {line!r}:\n{printed}"

    def type(self, command: str) -> str:
        """What a command prints. `cd`, `export` and `&` are the shell's own."""
        if command in NOT_TYPED:
            return ""
        words = shlex.split(command)
        if words[0] == "cd":
            self.folder /= words[1]
            return ""
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.environment[name] = value
            return ""
        if words[-1] == "&":
            self.serve(words[:-1])
            return ""
        if words[:2] == ["pip", "install"]:
            words = [
                *words[:2],
                "--quiet",
                "--no-deps",
                "--no-build-isolation",
                "--no-index",
                "--target",
                str(self.site),
                ".",
            ]
            # As with -e: the metadata is installed, and the code is what lies in the project.
            self.environment["PYTHONPATH"] = f"{self.folder}{os.pathsep}{self.site}"
        if words == ["python", "-m", "build"]:
            words.append("--no-isolation")
        started = {"ingest": ["-m", "ingest_core"], "pip": ["-m", "pip"], "python": []}.get(words[0])
        line = words if started is None else [sys.executable, *started, *words[1:]]
        ended = subprocess.run(line, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, f"$ {command}\n{ended.stdout}{ended.stderr}"
        return ended.stdout + ended.stderr

    def serve(self, words: list[str]) -> None:
        """Starts a server, and waits for the line by which it says that it is there."""
        started = subprocess.Popen(
            [sys.executable, "-u", *words[1:]], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.servers.append(started)
        assert started.stdout is not None
        assert re.search(rb"Serving|http://", started.stdout.readline())
