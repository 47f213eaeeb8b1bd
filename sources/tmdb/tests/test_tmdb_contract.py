"""The TMDB source keeps the contract."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ingest_core.testing import SourceContract


class TestTmdb(SourceContract):
    source = "tmdb"


class TestTmdbOtherwise(SourceContract):
    """The ways to choose, and what titles lead to, that the demo does without."""

    source = "tmdb"
    settings: ClassVar[Mapping[str, Any]] = {
        "append": ["credits"],
        "seasons": True,
        "persons": {"cast": 1},
        "skip_landed": "30d",
        "select": [
            {"discover": "tv", "pages": 1, "params": {"vote_count.gte": 20_000}},
            {"ids": ["tt10000014", "tt10000016", 603], "as": "movie"},
            {"changes": "movie", "only_known": True},
            {"reference": ["genres", "countries"]},
        ],
    }
