"""How to reach TMDB, and what its answers mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ingest_core import Answer, Connection, Outcome, bearer, query_key

# https://developer.themoviedb.org/docs/errors: only where the code says more than the HTTP status
_BY_CODE = {
    6: Outcome.MISSING,  # invalid id
    21: Outcome.MISSING,  # "entry not found", which comes as a 200
    34: Outcome.MISSING,
    7: Outcome.UNAUTHORIZED,
    10: Outcome.UNAUTHORIZED,
    14: Outcome.UNAUTHORIZED,
}
_LONGEST_ERROR = 1000


def connect(settings: Mapping[str, Any]) -> Connection:
    """Bearer token by default; `api_key`, where it is given, goes into the query instead."""
    auth = query_key("api_key", settings["api_key"]) if "api_key" in settings else bearer(settings["token"])
    exports = settings["exports_url"].rstrip("/") + "/"

    def judge(answer: Answer) -> Outcome | None:
        # S3, which serves the exports, says 403 of what is not there to whoever may not list.
        if answer.status == 403 and answer.url.startswith(exports):
            return Outcome.MISSING
        return classify(answer)

    host = urlsplit(exports).netloc
    return Connection(settings["base_url"], auth, public_hosts=(host,), classify=judge, probe="/authentication")


def classify(answer: Answer) -> Outcome | None:
    """TMDB's own code decides where it is one of the few that matter; else the HTTP status does."""
    if len(answer.body) > _LONGEST_ERROR or b'"success"' not in answer.body:
        return None
    code = answer.field("status_code")
    return _BY_CODE.get(code) if isinstance(code, int) and answer.field("success") is False else None
