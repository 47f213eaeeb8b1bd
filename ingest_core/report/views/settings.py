"""The config as it counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from ingest_core.report.markup import Html

LONGEST = 12_000


def settings(told: Mapping[str, Any]) -> Html:
    """As YAML, which is what people wrote; defaults are filled in, and secrets are references."""
    text = yaml.safe_dump(dict(told), sort_keys=False, allow_unicode=True, width=100) if told else ""
    cut = f"{text[:LONGEST]}\n… {len(text) - LONGEST:,} characters more" if len(text) > LONGEST else text
    shown = (
        Html("pre", Html("code", cut), tabindex=0, role="region", aria_label="config as YAML")
        if text
        else Html("p", "It is not known here: its config was not at hand.", class_="soft")
    )
    about = Html("p", "With every default filled in. Secrets are named, not shown.", class_="soft")
    return Html("section", Html("h2", "Config", id="config"), about, shown, aria_labelledby="config")
