"""What every source must keep, as one test class: three lines in a plugin's own tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any, ClassVar

import pytest

from ingest_core.model import Source
from ingest_core.plugins import load_plugins
from ingest_core.testing.checks import CHECKS, Unanswerable
from ingest_core.testing.subject import Answers, Subject


class SourceContract:
    """Subclass it and say which source.

    source    the name of an installed source, or a Source
    settings  what to try it with, over what its `demo` gives
    answers   what its API answers where it has no demo: `{"/v1/things?page=1": (200, b"…")}`
    """

    source: ClassVar[str | Source]
    settings: ClassVar[Mapping[str, Any]] = {}
    answers: ClassVar[Answers | None] = None

    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls) -> Iterator[Subject]:
        """The source under test; its simulator runs meanwhile, where it has one."""
        source = load_plugins(environment=os.environ).find(cls.source) if isinstance(cls.source, str) else cls.source
        simulated = source.demo() if source.demo is not None and cls.answers is None else nullcontext({})
        with simulated as settings:
            yield Subject(source, {**settings, **cls.settings}, cls.answers)

    @pytest.mark.parametrize("check", CHECKS)
    def test_contract(self, check: str, subject: Subject) -> None:
        try:
            CHECKS[check](subject)
        except Unanswerable as why:
            pytest.skip(str(why))
