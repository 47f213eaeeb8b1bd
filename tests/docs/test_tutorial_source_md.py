"""docs/tutorial-source.md, followed to the letter: each file is written, each command typed, each output compared."""

from __future__ import annotations

import re
from pathlib import Path

from reading import Reader

DOCUMENT = Path(__file__).parents[2] / "docs/tutorial-source.md"
BLOCK = re.compile(r"(?:`([\w./]+)`:\n)?```(console|python|yaml|json)\n(.*?)```", re.DOTALL)


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
