"""What may not happen to bytes and secrets."""

from __future__ import annotations

import logging
from io import StringIO

from ingest_core.testing.checks.registry import check, require, suppose, suppose_kept
from ingest_core.testing.checks.work import its_run_is_done
from ingest_core.testing.subject import Subject
from ingest_core.testing.transport import says


@check
def its_records_are_the_bytes_that_came(subject: Subject) -> None:
    suppose(subject.has_network, "this source has no network")
    suppose_kept(subject, its_run_is_done)
    came = [exchange.response.body for exchange in subject.trial.exchanges]
    for key, body in subject.trial.records.items():
        advice = f"{key} is not as the API sent it: land row.body or answer.record(…), never json.dumps(…)"
        require(any(body in whole for whole in came), advice)


@check
def no_secret_is_kept_or_logged(subject: Subject) -> None:
    """In a run that goes well, and in one that the API refuses."""
    suppose(subject.has_network, "this source has no network")
    log = StringIO()
    handler = logging.StreamHandler(log)
    logger = logging.getLogger()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        trials = [subject.land(), subject.land_with(lambda request, attempt: says(401))[0]]
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    for trial in trials:
        for secret in trial.secrets:
            kept = [key for key, body in trial.lake.bodies("").items() if secret.encode() in body]
            require(not kept, f"a secret stands in {kept[:1]}: only Connection(auth=…) has to do with secrets")
            require(
                secret not in repr(trial.report), "a secret stands in the report: keep it out of errors and reasons"
            )
            require(secret not in log.getvalue(), "a secret stands in the log: log no settings and no headers")
