"""Every answer of TMDB's that says no, and the ones that say only "yes".

Codes and their HTTP statuses: https://developer.themoviedb.org/docs/errors
"""

from __future__ import annotations

from typing import Final, TypeAlias

from ingest_source_tmdb.simulator.wire import encode

# The HTTP status, and the body.
Answer: TypeAlias = tuple[int, bytes]


def _status(http: int, code: int, message: str, *, success: bool = False) -> Answer:
    return http, encode({"success": success, "status_code": code, "status_message": message})


SUCCESS: Final = _status(200, 1, "Success.", success=True)
INVALID_ID: Final = _status(404, 6, "Invalid id: The pre-requisite id is invalid or not found.")
INVALID_KEY: Final = _status(401, 7, "Invalid API key: You must be granted a valid key.")
OFFLINE: Final = _status(503, 9, "Service offline: This service is temporarily offline, try again later.")
INTERNAL: Final = _status(500, 11, "Internal error: Something went wrong, contact TMDB.")
ENTRY_NOT_FOUND: Final = _status(200, 21, "Entry not found: The item you are trying to edit cannot be found.")
INVALID_PAGE: Final = _status(
    400, 22, "Invalid page: Pages start at 1 and max at 500. They are expected to be an integer."
)
INVALID_DATE: Final = _status(400, 23, "Invalid date: Format needs to be YYYY-MM-DD.")
RANGE_TOO_LONG: Final = _status(422, 20, "Invalid date range: Should be a range no longer than 14 days.")
OVER_LIMIT: Final = _status(429, 25, "Your request count is over the allowed limit.")
TOO_MANY_APPENDS: Final = _status(
    400, 27, "Too many append to response objects: The maximum number of remote calls is 20."
)
NOT_FOUND: Final = _status(404, 34, "The resource you requested could not be found.")
WRONG_METHOD: Final = _status(405, 42, "This request method is not supported for this resource.")
MALFORMED: Final = _status(400, 5, "Invalid parameters: Your request parameters are incorrect.")
