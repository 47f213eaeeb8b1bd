"""The rest source keeps the contract, with details too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from ingest_core.testing import SourceContract

PEOPLE = [{"id": number, "name": f"n{number}"} for number in range(1, 8)]


class TestRest(SourceContract):
    source = "rest"
    settings: ClassVar[Mapping[str, Any]] = {
        "base_url": "https://api.example.org/v1",
        "streams": [
            {
                "name": "person",
                "path": "/people",
                "rows": "items",
                "paging": {"cursor": {"at": "next"}},
                "detail": {"path": "/people/{id}"},
            },
            {"name": "team", "path": "/teams", "paging": {"offset": {"size": 2, "size_param": "limit"}}},
        ],
    }
    answers: ClassVar[Mapping[str, tuple[int, bytes]]] = {
        "/v1/people": (200, json.dumps({"items": PEOPLE[:4], "next": "c2"}).encode()),
        "/v1/people?cursor=c2": (200, json.dumps({"items": PEOPLE[4:], "next": None}).encode()),
        **{f"/v1/people/{person['id']}": (200, json.dumps(person).encode()) for person in PEOPLE},
        "/v1/teams?offset=0&limit=2": (200, b'[{"id": "a"}, {"id": "b"}]'),
        "/v1/teams?offset=2&limit=2": (200, b'[{"id": "c"}]'),
        "/v1/teams?offset=4&limit=2": (200, b"[]"),
    }
