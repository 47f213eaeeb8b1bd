"""docs/tutorial-source.md, followed to the letter: each file is written, each command typed, each output compared."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs/tutorial-source.md"
BLOCK = re.compile(r"(?:`([\w./]+)`:\n)?```(console|python|yaml|json)\n(.*?)```", re.DOTALL)
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
        text = text.replace("8765", str(self.port))
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
        assert b"Serving" in started.stdout.readline()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    reader = Reader(tmp_path, port)
    yield reader
    for server in reader.servers:
        server.terminate()
        server.communicate()


def test_the_tutorial_can_be_followed_to_the_letter(reader: Reader) -> None:
    blocks = BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert len(blocks) > 10
    for place, kind, text in blocks:
        reader.do(place, kind, text)
    wheels = [path.name for path in (reader.folder / "dist").iterdir()]
    assert sorted(wheels) == ["ingest_source_books-0.1.0-py3-none-any.whl", "ingest_source_books-0.1.0.tar.gz"]
    landed = (reader.folder / "lake/Raw/Books/JSON/2026/11/23").glob("*.json")
    assert {path.stem for path in landed} == {"9788535914849", "9788525406958", "9788574062990"}
    for path in (reader.folder / "answers").iterdir():
        assert b"the-key-of-the-books" not in path.read_bytes()
