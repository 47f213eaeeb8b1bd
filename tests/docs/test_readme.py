"""README in two languages, and docs/first-run.md: every command runs, every snippet too, every link leads somewhere."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
from reading import Reader

from ingest_core.cli.app import ingest
from ingest_core.model import Status
from ingest_core.plugins import load_plugins
from ingest_core.testing import CannedTransport, land

ROOT = Path(__file__).parents[2]
READMES = [ROOT / "README.md", ROOT / "README.pt-BR.md"]
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("sources/*/README.md")})
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CONFIG = "source: things\nlake: lake\n"


def blocks(page: Path, kind: str) -> list[str]:
    return [text for told, text in BLOCK.findall(page.read_text(encoding="utf-8")) if told == kind]


def typed(page: Path) -> list[str]:
    """The commands of a page, without what is said about them."""
    lines = [line for text in blocks(page, "console") for line in text.splitlines() if line.startswith("$ ")]
    return [line.removeprefix("$ ").partition("  #")[0].strip() for line in lines]


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_the_two_commands_are_the_opening(page: Path) -> None:
    make, *_ = blocks(page, "console")
    assert [line.split()[:3] for line in make.splitlines()] == [["$", "make", "demo"], ["$", "make", "test"]]
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^demo: .*\n\t@\$\(BIN\)/ingest demo$", targets, re.MULTILINE)
    assert re.search(r"^test: ", targets, re.MULTILINE)


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_the_commands_of_a_first_run_are_typed(
    page: Path, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the simulator, with a folder where the bucket stands."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    reader.type(f"python -m ingest_source_tmdb.simulator --port {reader.port} &")
    reader.environment["TMDB_TOKEN"] = "simulator-read-token"
    config = tmp_path / "config/tmdb.yaml"
    with config.open("a") as file:
        file.write(f"  base_url: http://127.0.0.1:{reader.port}/3\n")
    commands = [command for command in typed(page) if command.startswith("ingest ")]
    assert [command.split()[1] for command in commands] == ["check", "plan", "run", "run", "verify"]
    for command in commands:
        reader.type(command.replace("s3://my-data-lake", "bucket"))
    assert len(list((tmp_path / "dry-run").glob("Raw/**/*.json"))) == 20
    assert len(list((tmp_path / "bucket").glob("Raw/**/*.json"))) == 220


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_every_command_that_is_named_in_passing_is_one(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    named = [found for found in re.findall(r"`ingest ([^`]+)`", text) if not found.startswith("--")]
    ctx = click.Context(ingest, info_name="ingest")
    assert len(named) >= 2
    for words in map(shlex.split, named):
        verb = ingest.get_command(ctx, words[0])
        assert verb is not None, words
        verb.make_context(words[0], words[1:], parent=ctx)


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_the_source_in_twenty_lines_lands(page: Path, tmp_path: Path) -> None:
    (code,) = blocks(page, "python")
    assert "INGEST_PLUGINS=plugins" in page.read_text(encoding="utf-8")
    (tmp_path / "things.py").write_text(code)
    source = load_plugins([], {"INGEST_PLUGINS": str(tmp_path)}).find("things")
    answers = {f"/v1/things?page={page}": (200, b'{"items":[{"id":%d}]}' % page) for page in (1, 2, 3)}
    trial = land(source, {"pages": 3}, CannedTransport(answers))
    assert (trial.report.status, trial.report.counts.records) == (Status.DONE, 3)
    written = [line for line in code.splitlines() if line.strip()]
    assert len(written) <= 20


def test_the_readmes_say_the_same_in_two_languages() -> None:
    english, portuguese = (page.read_text(encoding="utf-8") for page in READMES)
    for shape in (r"^## ", r"^\|", r"^- "):
        assert len(re.findall(shape, english, re.MULTILINE)) == len(re.findall(shape, portuguese, re.MULTILINE))
    assert typed(READMES[0]) == typed(READMES[1])
    assert blocks(READMES[0], "python") == blocks(READMES[1], "python")
    assert re.findall(r"\d[\d,.]* ms|\d+ %", english) == [
        found.replace(",", ".") for found in re.findall(r"\d[\d,.]* ms|\d+ %", portuguese)
    ]


def test_the_first_run_can_be_followed_to_the_letter(reader: Reader, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    for text in blocks(ROOT / "docs/first-run.md", "console"):
        reader.do("", "console", text)
    assert len(list((tmp_path / "lake").glob("Raw/**/*.json"))) == 220


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    targets = [target for target in LINK.findall(text) if not re.match(r"[a-z]+:|#", target)]
    assert [target for target in targets if not (page.parent / target.partition("#")[0]).exists()] == []


def test_every_page_of_the_documents_is_in_their_index() -> None:
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    named = {(ROOT / "docs" / target.partition("#")[0]).resolve() for target in LINK.findall(index)}
    assert {page for page in (ROOT / "docs").glob("**/*.md") if page.name != "README.md"} - named == set()
