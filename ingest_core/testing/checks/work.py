"""Plan and fetch: a run that ends well, the same each time, under any cut."""

from __future__ import annotations

import datetime as dt

import msgspec

from ingest_core.model import Slice, Status
from ingest_core.run import HandOver
from ingest_core.state import Part, decode
from ingest_core.testing.checks.registry import check, require, suppose, suppose_kept
from ingest_core.testing.lake import MemoryLake
from ingest_core.testing.network import connections_beside
from ingest_core.testing.subject import Subject
from ingest_core.testing.transport import EndlessTransport, tokens_in
from ingest_core.testing.trial import DATE, Conditions, Trial

UNDECLARED_HOST = "UndeclaredHostError"
LARGEST_CAP = 1100  # pages that a list may have before a source must have stopped


@check
def its_plan_is_repeatable(subject: Subject) -> None:
    first, second = subject.plan(), subject.plan()
    require(first == second, "plan gives other slices the second time: it may depend on ctx alone, and on no clock")


@check
def its_slices_survive_json(subject: Subject) -> None:
    for slice in subject.plan():
        advice = f"slice {slice.name} changes on its way through JSON: plain values, lists and text keys go into params"
        try:
            again = msgspec.json.decode(msgspec.json.encode(slice), type=Slice)
        except (TypeError, msgspec.MsgspecError):
            again = None
        require(again == slice, advice)


@check
def it_asks_its_declared_hosts_alone(subject: Subject) -> None:
    """Through `ctx.api`, and not behind its back: there is no pacing, retry, limit or masking elsewhere."""
    error = subject.trial.report.error
    undeclared = error is not None and error.kind == UNDECLARED_HOST
    require(not undeclared, f"{error.what if error else ''}: name the host in Connection(hosts=…)")
    with connections_beside({"127.0.0.1", "::1"} if subject.answers is None else set()) as tried:
        subject.land()
    require(not tried, f"it connected to {tried[:1]} by itself: leave every request to ctx.api")


@check
def its_run_is_done(subject: Subject) -> None:
    suppose_kept(subject, its_slices_survive_json, it_asks_its_declared_hosts_alone)
    report = subject.trial.report
    require(
        report.status is Status.DONE,
        f"the run ended {report.status.value}: {report.error.what if report.error else ''}; give `settings` "
        "under which it is done, and `answers` for each request it makes",
    )
    found = report.counts.records + report.counts.rejected
    require(found, "nothing landed: try it under settings, or against answers, with which something does")


@check
def its_ids_are_present(subject: Subject) -> None:
    suppose_kept(subject, its_run_is_done)
    rejected = [absent for part in _parts(subject.trial) for absent in part.rejected]
    require(
        not rejected,
        f"{len(rejected)} records were rejected, the first with: {rejected[0].reason if rejected else ''}. "
        "An id is text or an integer; read it with row.field(…)",
    )


@check
def its_ids_are_stable(subject: Subject) -> None:
    suppose_kept(subject, its_run_is_done)
    again = subject.land()
    advice = (
        "a second run gives the same documents other ids: take the id from the document, not from a clock or counter"
    )
    require(again.records.keys() == subject.trial.records.keys(), advice)


@check
def its_ids_are_distinct(subject: Subject) -> None:
    suppose_kept(subject, its_run_is_done)
    for part in _parts(subject.trial):
        owned = {(landed.stream, landed.id) for landed in part.records if landed.outcome != "repeated"}
        twice = [
            landed.id for landed in part.records if landed.outcome == "repeated" and (landed.stream, landed.id) in owned
        ]
        advice = f"slice {part.slice} lands several documents under the id {twice[:1]}: only the first is kept"
        require(not twice, advice + "; build the id from what tells them apart")


@check
def its_fetch_is_repeatable(subject: Subject) -> None:
    suppose_kept(subject, its_run_is_done)
    again = subject.land().records
    changed = [key for key, body in subject.trial.records.items() if again.get(key, body) != body]
    require(not changed, f"{changed[:1]} has other bytes the second time: land what came, and nothing of your own")


@check
def a_handed_over_slice_leads_to_the_same_records(subject: Subject) -> None:
    suppose_kept(subject, its_run_is_done, its_ids_are_stable)
    cut = subject.land(conditions=Conditions(hand_over=HandOver(records=0)))
    same = cut.report.status is Status.DONE and cut.records.keys() == subject.trial.records.keys()
    require(
        same,
        f"when each offer to stop is taken, the run ends {cut.report.status.value} with {len(cut.records)} records "
        f"instead of {len(subject.trial.records)} ({cut.report.error}): the rest of a slice is told by its "
        "params alone, which pass through JSON (keys become text)",
    )


@check
def the_next_day_goes_on_from_the_last(subject: Subject) -> None:
    """A second run, a day later and into the same lake, has the first one's checkpoint and what it landed before it."""
    suppose_kept(subject, its_run_is_done)
    lake = MemoryLake()
    subject.land(conditions=Conditions(lake=lake))
    following = subject.land(conditions=Conditions(lake=lake, date=DATE + dt.timedelta(days=1))).report
    require(
        following.status is Status.DONE,
        f"with what the first run left, the next day's ended {following.status.value} ({following.error}): plan reads "
        "from ctx.checkpoint what it, or fetch, gave as a Checkpoint, and nothing else",
    )


@check
def its_paging_ends(subject: Subject) -> None:
    suppose(subject.has_network, "this source has no network")
    suppose_kept(subject, its_run_is_done)
    most = 10 * len(subject.trial.exchanges) + LARGEST_CAP
    endless = EndlessTransport(subject.api(), most, tokens_in(subject.trial.exchanges))
    subject.land(endless)
    require(
        not endless.ran_away,
        f"an API whose pages never end was asked more than {most} times: stop at a page that repeats, or at a cap, and "
        "yield Truncated",
    )


def _parts(trial: Trial) -> list[Part]:
    bodies = trial.lake.bodies("_ingest/")
    return [decode(body, Part, key) for key, body in bodies.items() if "/parts/" in key]
