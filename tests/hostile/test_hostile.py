"""A small part of `make hostile`: every fault at least once where it is cheap, the lake equal to the server's log."""

from __future__ import annotations

from pathlib import Path

import pytest

from .canary import hits
from .catalog import Catalog
from .faults import ODD, TRANSIENT
from .programme import perform

TOKEN = "canary-7f3a-+~9b1c=d24e-ascii"
SLOW = {fault.name for fault in (*ODD, *TRANSIENT) if fault.weight < 1}


@pytest.mark.parametrize("engine", ["default", "fast"])
def test_what_lands_is_what_the_api_said_whatever_it_did_and_no_file_holds_the_key(tmp_path: Path, engine: str) -> None:
    verdict = perform(Catalog(seed=9, things=1500, share=0.3), tmp_path, TOKEN, engine)
    assert verdict.problems == []
    assert {fault.name for fault in (*ODD, *TRANSIENT)} - SLOW <= set(verdict.sent)
    size, found = hits(tmp_path, TOKEN)
    assert size > 1_000_000
    assert found == []
