"""What every source must keep, as one test class: three lines in a plugin's own tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ingest_core.codes import Code
from ingest_core.config import open_document, source_named_in
from ingest_core.errors import UsageError
from ingest_core.model import Source
from ingest_core.plugins import load_plugins
from ingest_core.recording import read_recording
from ingest_core.testing.checks import CHECKS, Unanswerable
from ingest_core.testing.network import connections_beside
from ingest_core.testing.subject import Subject


class SourceContract:
    """Subclass it and say which source.

    source    the name of an installed source, or a Source
    config    instead of `source`: a config's YAML, which names it and has its settings, and the folder of its `answers`
    settings  what to try it with, over what its `demo`, its config and its recording give
    answers   what its API answers where it has no demo: `{"/v1/things?page=1": (200, b"…")}`, or the folder that
              `ingest record` made; the network is then closed
    """

    source: ClassVar[str | Source]
    config: ClassVar[Path | None] = None
    settings: ClassVar[Mapping[str, Any]] = {}
    answers: ClassVar[Mapping[str, tuple[int, bytes]] | Path | None] = None

    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls) -> Iterator[Subject]:
        """The source under test; its simulator runs meanwhile, where it has one."""
        source, settings, answers = cls._given()
        if source.connect is not None and source.demo is None and answers is None:
            raise UsageError(
                f"nothing answers for {source.name}: a contract test asks no real API",
                Code.SOURCE_UNTESTED,
                hint="record its answers (ingest record … --to answers), and say answers = Path(…) in the test class",
            )
        if isinstance(answers, Path):
            recording = read_recording(answers)
            with connections_beside(set()):
                yield Subject(source, {**settings, **recording.settings, **cls.settings}, recording)
            return
        simulated = source.demo() if source.demo is not None and answers is None else nullcontext({})
        with simulated as of_demo:
            yield Subject(source, {**of_demo, **settings, **cls.settings}, answers)

    @classmethod
    def _given(cls) -> tuple[Source, Mapping[str, Any], Mapping[str, tuple[int, bytes]] | Path | None]:
        """The source, the settings of its config, and what answers."""
        if cls.config is None:
            named, settings, answers = cls.source, {}, cls.answers
        else:
            document = open_document(cls.config, {})
            named, settings = source_named_in(document), document.value.get("settings", {})
            folder = document.value.get("answers")
            answers = cls.config.parent / folder if cls.answers is None and folder is not None else cls.answers
        found = load_plugins(environment=os.environ).find(named) if isinstance(named, str) else named
        return found, settings, answers

    @pytest.mark.parametrize("check", CHECKS)
    def test_contract(self, check: str, subject: Subject) -> None:
        try:
            CHECKS[check](subject)
        except Unanswerable as why:
            pytest.skip(str(why))
