"""What an attempt leaves of itself for whoever looks at it later."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import asdict

from ingest_core.api import Redactor
from ingest_core.errors import IngestError
from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake
from ingest_core.model import Report
from ingest_core.state import FORMAT, Account, encode

logger = logging.getLogger(__name__)


def keep_account(lake: Lake, report: Report, ended: dt.datetime, redactor: Redactor) -> None:
    """Writes the account of an attempt beside the run's other files; the run has given its claim back by then.

    An attempt that never had the claim leaves none. A lake that refuses is told to the log and changes nothing.
    """
    keys = ControlKeys.of_run(report.label, report.run)
    if report.began is None or keys is None:
        return
    account = Account(
        format=FORMAT,
        run=report.run,
        status=report.status.value,
        ended=ended,
        seconds=round(report.seconds, 3),
        counts={name: count for name, count in asdict(report.counts).items() if count},
        error=report.error,
        problems=report.problems,
        timeline=report.timeline,
        workers=report.workers,
    )
    try:
        lake.put_if_absent(keys.account(ended), redactor.clean_bytes(encode(account)), {})
        lake.settle()
    except IngestError as error:
        logger.info("the account of %s was not kept: %s", report.run, error)
