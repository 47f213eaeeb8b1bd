"""The checks of the contract, by theme. `CHECKS` has them all by name."""

from ingest_core.testing.checks import faults, keeping, settings, work
from ingest_core.testing.checks.registry import CHECKS, Breach, Check, Unanswerable

__all__ = ["CHECKS", "Breach", "Check", "Unanswerable", "faults", "keeping", "settings", "work"]
