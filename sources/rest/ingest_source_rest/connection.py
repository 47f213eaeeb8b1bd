"""How to reach the API of a config, and what its answers mean."""

from __future__ import annotations

from functools import partial
from typing import Any

from ingest_core import Answer, Auth, Connection, Outcome, basic, bearer, field_of, query_key
from ingest_source_rest.settings import Settings


def connect(settings: Settings) -> Connection:
    """Where the settings say, signed as they say."""
    return Connection(
        settings["base_url"],
        _auth(settings.get("auth", {})),
        hosts=tuple(settings["hosts"]),
        classify=partial(classify, settings["error"]) if "error" in settings else None,
        probe=settings.get("probe"),
        headers=settings["headers"],
    )


def classify(error: str, answer: Answer) -> Outcome | None:
    """An answer that says yes and has an error in it is rejected; else the HTTP status decides."""
    return Outcome.REJECTED if answer.status == 200 and field_of(answer.body, error) else None


def _auth(auth: dict[str, Any]) -> Auth | None:
    if "bearer" in auth:
        return bearer(auth["bearer"])
    if "header" in auth:
        header = auth["header"]
        return Auth(headers={header["name"]: (header["prefix"], header["key"])})
    if "query" in auth:
        return query_key(auth["query"]["name"], auth["query"]["key"])
    if "basic" in auth:
        user = auth["basic"]
        return basic(user["key"]) if "key" in user else basic(user["user"], user["password"])
    return None
