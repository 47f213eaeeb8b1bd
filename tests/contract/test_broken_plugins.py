"""Each check of the contract catches the plugin that breaks it, and no check cries wolf."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

from ingest_core.model import Source
from ingest_core.testing import CHECKS, Breach, Unanswerable


def failing(source: Source, broken: ModuleType) -> dict[str, str]:
    """The checks that `source` fails, each with what it tells the author."""
    subject = broken.subject(source)
    told = {}
    for name, check in CHECKS.items():
        try:
            check(subject)
        except Breach as breach:
            told[name] = str(breach)
        except Unanswerable:
            continue
    return told


@pytest.mark.parametrize("shape", ["SOUND", "CHAINED"])
def test_a_sound_plugin_passes_every_check(shape: str, broken: ModuleType) -> None:
    assert failing(getattr(broken, shape), broken) == {}


@pytest.mark.parametrize("shape", ["SOUND", "CHAINED"])
def test_no_check_passes_over_a_sound_plugin_with_a_network(shape: str, broken: ModuleType) -> None:
    subject = broken.subject(getattr(broken, shape))
    for check in CHECKS.values():
        check(subject)  # raises Unanswerable where it would say nothing


@pytest.mark.parametrize("check", CHECKS)
def test_a_broken_plugin_fails_the_one_check_that_is_named_after_it(
    check: str, broken: ModuleType, record_property: Callable[[str, object], None]
) -> None:
    told = failing(broken.BROKEN[check], broken)
    record_property("told", told.get(check, ""))
    assert set(told) == {check}
    assert ":" in told[check], "a failure says what the author should do"


@pytest.mark.parametrize("check", ["it_asks_its_declared_hosts_alone", "its_paging_ends"])
def test_a_plugin_that_breaks_it_in_another_way_is_caught_too(check: str, broken: ModuleType) -> None:
    assert set(failing(broken.BROKEN_OTHERWISE[check], broken)) == {check}


def test_every_check_has_its_broken_plugin(broken: ModuleType) -> None:
    assert set(broken.BROKEN) == set(CHECKS)
