"""Every extension point is documented: when it is called, and what comes of what it returns."""

from __future__ import annotations

import inspect

import pytest

from ingest_core import hooks

SPECS = {name: spec for name, spec in vars(hooks).items() if inspect.isfunction(spec) and name.startswith("ingest_")}


def test_there_are_two_hooks() -> None:
    assert sorted(SPECS) == ["ingest_run_finished", "ingest_sources"]


@pytest.mark.parametrize("name", sorted(SPECS))
def test_every_hook_is_a_spec_that_says_when_it_is_called(name: str) -> None:
    spec = SPECS[name]
    assert hasattr(spec, f"{hooks.PROJECT}_spec")
    text = inspect.getdoc(spec) or ""
    assert "alled once" in text
    assert len(text.splitlines()) >= 3


@pytest.mark.parametrize("name", sorted(SPECS))
def test_every_hook_is_typed(name: str) -> None:
    signature = inspect.signature(SPECS[name])
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(parameter.annotation is not inspect.Parameter.empty for parameter in signature.parameters.values())
