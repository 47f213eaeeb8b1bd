"""What an HTTP status means where the source does not say otherwise."""

from __future__ import annotations

from http import HTTPStatus

from ingest_core.model import Answer, Outcome

_BY_STATUS = {
    401: Outcome.UNAUTHORIZED,
    403: Outcome.UNAUTHORIZED,
    404: Outcome.MISSING,
    408: Outcome.TRANSIENT,
    410: Outcome.MISSING,
    425: Outcome.TRANSIENT,
}


def is_rate_limit(answer: Answer) -> bool:
    """A 429; or a 403 that says when to come again, or that nothing is left, as GitHub words its limits."""
    if answer.status != 403:
        return answer.status == 429
    return "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0"


def by_status(answer: Answer) -> Outcome:
    """RFC 9110's classes: 2xx is fine, 3xx is not followed, 5xx passes, other 4xx are our own fault."""
    if is_rate_limit(answer):
        return Outcome.TRANSIENT
    known = _BY_STATUS.get(answer.status)
    if known is not None:
        return known
    if 200 <= answer.status < 300:
        return Outcome.OK
    if 300 <= answer.status < 400:
        return Outcome.REJECTED
    return Outcome.TRANSIENT if answer.status >= 500 else Outcome.REFUSED


def reason(answer: Answer, outcome: Outcome) -> str:
    """One line on why the answer is not OK, without a byte of the body."""
    try:
        phrase = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    except ValueError:
        phrase = str(answer.status)
    if outcome is Outcome.REJECTED and 300 <= answer.status < 400:
        return f"{phrase}: redirects are not followed"
    return phrase
