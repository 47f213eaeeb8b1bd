"""The simulator, started for `ingest demo`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def demo() -> Iterator[Mapping[str, Any]]:
    """A simulator on loopback, and the settings of a small run against it."""
    from ingest_source_tmdb.simulator import Options, Simulator  # 35 ms that only the demo should pay

    with tempfile.TemporaryDirectory(prefix="tmdb-demo-") as folder, Simulator(Options(missing=0.02)) as simulator:
        token = Path(folder) / "token"
        token.write_text(simulator.options.token)
        yield {
            "base_url": simulator.base_url,
            "exports_url": simulator.exports_url,
            "token": f"file:{token}",
            "language": "pt-BR",
            "append": ["credits", "keywords", "external_ids"],
            "select": [
                {"list": "movie/popular", "pages": 3},
                {"list": "tv/top_rated", "pages": 1},
                {"trending": "movie/week", "pages": 1},
                {"ids": [603, 550], "as": "movie"},
            ],
        }
