"""What a bad day of the API must lead to: the same records after a retry, or a run that says what is missing."""

from __future__ import annotations

from ingest_core.api import HttpRequest, HttpResponse, TransportError
from ingest_core.model import Status
from ingest_core.testing.checks.registry import check, require, suppose, suppose_kept
from ingest_core.testing.checks.work import its_run_is_done
from ingest_core.testing.clock import SkippingClock
from ingest_core.testing.subject import Subject
from ingest_core.testing.transport import Fault, SlowTransport, cut_short, says
from ingest_core.testing.trial import Conditions, Trial

Wrong = HttpResponse | TransportError
SECONDS_A_REQUEST = 15.0
SECONDS = 45.0


@check
def a_401_stops_the_run(subject: Subject) -> None:
    _suppose_sound(subject)
    trial, _ = subject.land_with(lambda request, attempt: says(401))
    named = trial.report.error is not None and trial.report.error.kind == "CredentialsError"
    require(
        trial.report.status is Status.FAILED and named,
        f"a refused key ended the run {trial.report.status.value} ({trial.report.error}): let CredentialsError pass, "
        "and let classify leave 401 alone",
    )


@check
def a_404_is_said(subject: Subject) -> None:
    _suppose_sound(subject)
    wrong = says(404)
    trial = _with_one_bad_answer(subject, wrong)
    _require_said(trial, subject, wrong, "a 404: yield answer.record(…) or Missing, or let NotFoundError pass")


@check
def a_429_with_retry_after_is_waited_for(subject: Subject) -> None:
    _require_healed(subject, lambda request, attempt: says(429, retry_after="1") if attempt == 1 else None, "a 429")


@check
def a_429_without_retry_after_is_waited_for(subject: Subject) -> None:
    _require_healed(subject, lambda request, attempt: says(429) if attempt == 1 else None, "a 429")


@check
def a_500_is_retried(subject: Subject) -> None:
    _require_healed(subject, lambda request, attempt: says(500) if attempt <= 2 else None, "a 500, twice")


@check
def an_outage_leaves_the_run_open(subject: Subject) -> None:
    _suppose_sound(subject)
    trial = _with_one_bad_answer(subject, says(503))
    _require_open(trial, "a 503 that does not pass")


@check
def a_connection_that_keeps_failing_leaves_the_run_open(subject: Subject) -> None:
    _suppose_sound(subject)
    trial = _with_one_bad_answer(subject, TransportError("the connection failed or was reset"))
    _require_open(trial, "a connection that keeps failing")


@check
def a_body_cut_short_is_said(subject: Subject) -> None:
    _suppose_sound(subject)
    wrong = cut_short(subject.trial.exchanges[-1].response)
    trial = _with_one_bad_answer(subject, wrong)
    _require_said(trial, subject, wrong, "a body cut short: let MalformedError pass, and cut rows with answer.rows(…)")


@check
def html_with_status_200_is_said(subject: Subject) -> None:
    _suppose_sound(subject)
    wrong = says(200, b"<html><body>Please sign in</body></html>")
    trial = _with_one_bad_answer(subject, wrong)
    _require_said(trial, subject, wrong, "HTML with status 200: let MalformedError pass, or yield answer.record(…)")


@check
def a_deadline_is_respected(subject: Subject) -> None:
    """Requests take 15 seconds each, and the run has 45."""
    _suppose_sound(subject)
    suppose(len(subject.trial.exchanges) > 2 * SECONDS / SECONDS_A_REQUEST, "its run makes too few requests")
    clock = SkippingClock()
    slow = SlowTransport(subject.api(), clock, SECONDS_A_REQUEST)
    trial = subject.land(slow, Conditions(seconds=SECONDS, clock=clock))
    whole = trial.report.status is Status.DONE and len(trial.records) == len(subject.trial.records)
    require(
        whole or trial.report.status is Status.PARTIAL,
        f"when time was up, the run ended {trial.report.status.value} with {len(trial.records)} of "
        f"{len(subject.trial.records)} records ({trial.report.error}): let TransientError pass; "
        "the core retries and resumes",
    )


def _suppose_sound(subject: Subject) -> None:
    suppose(subject.has_network, "this source has no network")
    suppose_kept(subject, its_run_is_done)


def _with_one_bad_answer(subject: Subject, wrong: Wrong) -> Trial:
    """A run in which the last URL of a good run always goes wrong."""
    victim = subject.trial.exchanges[-1].url

    def fault(request: HttpRequest, attempt: int) -> Wrong | None:
        return wrong if request.url == victim else None

    trial, faults = subject.land_with(fault)
    suppose(faults, "the second run did not ask what the first one did")
    return trial


def _require_healed(subject: Subject, fault: Fault, what: str) -> None:
    _suppose_sound(subject)
    trial, _ = subject.land_with(fault)
    same = trial.report.status is Status.DONE and len(trial.records) == len(subject.trial.records)
    require(
        same,
        f"after {what} on each URL the run ended {trial.report.status.value} with {len(trial.records)} of "
        f"{len(subject.trial.records)} records ({trial.report.error}): leave retries to ctx.api, "
        "and let classify leave transient statuses alone",
    )


def _require_said(trial: Trial, subject: Subject, wrong: HttpResponse, advice: str) -> None:
    what, _, advice = advice.partition(": ")
    counts = trial.report.counts
    before = subject.trial.report.counts
    silent = trial.report.status is Status.DONE and not (
        counts.missing > before.missing or counts.rejected > before.rejected
    )
    require(not silent, f"{what} was passed over in silence: {advice}")
    sound = [exchange.response.body for exchange in subject.trial.exchanges]
    foreign = [
        body for body in trial.records.values() if body in wrong.body and not any(body in whole for whole in sound)
    ]
    require(not foreign, f"{what} landed as a record: {advice}")


def _require_open(trial: Trial, what: str) -> None:
    require(
        trial.report.status is Status.PARTIAL,
        f"{what} ended the run {trial.report.status.value} ({trial.report.error}): let TransientError pass, and "
        "take what get_many gives through answer.record(…) or answer.rows(…), so that the slice stays open for a retry",
    )
