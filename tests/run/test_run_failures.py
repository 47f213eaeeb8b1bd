"""What fails, what goes on, and what is said about it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest_core import Connection, Context, CredentialsError, LakeError, Record, Ref, Slice, TransientError
from ingest_core.errors import IngestError, RequestRefusedError
from ingest_core.model import Status
from ingest_core.run import Job, run

JobMaker = Callable[..., Job]
Files = Callable[[], dict[str, Any]]
Bodies = Callable[[], dict[str, bytes]]
RAW = "Raw/Things/JSON/2026/11/23"


def slices(count: int) -> Callable[[Context], list[Slice]]:
    return lambda ctx: [Slice(f"s{number}") for number in range(count)]


def failing(name: str, error: BaseException) -> Callable[..., Iterator[Record | Ref]]:
    """Each slice lands one record and names one more; the slice `name` raises `error` in between."""

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Ref]:
        yield Record("thing", slice.name, b"{}")
        if slice.name == name:
            raise error
        yield Ref("thing", f"of-{slice.name}")

    return fetch


def test_a_transient_failure_leaves_its_slice_open_and_the_next_round_unplanned(
    job: JobMaker, records: Bodies, own_files: Files
) -> None:
    report = run(job(slices(3), failing("s1", TransientError("503 of the API"))))
    assert (report.status, report.exit_code, report.manifest) == (Status.PARTIAL, 3, None)
    assert report.error is not None
    assert "503 of the API" in report.error[1]
    assert sorted(name for name in own_files() if "intents/" not in name) == [
        "parts/s0.json",
        "parts/s2.json",
        "plan-0-0.json",
    ]
    assert {f"{RAW}/s0.json", f"{RAW}/s2.json"} <= set(records())
    assert report.counts.records == 2


def test_the_same_run_again_finishes_what_was_partial_and_doubles_nothing(
    job: JobMaker, records: Bodies, own_files: Files
) -> None:
    run(job(slices(3), failing("s1", TransientError("503"))))

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Ref]:
        for id in slice.ids or [slice.name]:
            yield Record("thing", id, b"{}")
        if not slice.ids:
            yield Ref("thing", f"of-{slice.name}")

    report = run(job(slices(3), fetch))
    assert report.status is Status.DONE
    assert sorted(records()) == [f"{RAW}/{id}.json" for id in ["of-s0", "of-s1", "of-s2", "s0", "s1", "s2"]]
    assert (report.counts.records, report.counts.conflicts) == (6, 0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CredentialsError("401 of the API", hint="env:TOKEN"), 4),
        (RequestRefusedError("400 of the API"), 1),
        (LakeError("the lake refused"), 1),
    ],
    ids=["credentials", "request", "lake"],
)
def test_what_waiting_does_not_mend_stops_the_run(job: JobMaker, error: IngestError, code: int) -> None:
    began: list[str] = []

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        began.append(slice.name)
        if slice.name == "s0":
            raise error
        yield Record("thing", slice.name, b"{}")

    report = run(job(slices(5000), fetch))
    assert (report.status, report.exit_code) == (Status.FAILED, code)
    assert report.error == (type(error).__name__, error.what, error.hint, error.code)
    assert len(began) < 1000
    assert report.manifest is None


def _no_answer() -> list[Record]:
    raise TransientError("no answer")


def test_five_transient_failures_with_no_success_between_are_an_outage(job: JobMaker) -> None:
    began: list[str] = []

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        began.append(slice.name)
        yield from _no_answer()

    report = run(job(slices(500), fetch))
    assert (report.status, report.exit_code) == (Status.PARTIAL, 3)
    assert 5 <= len(began) <= 5 + 4 + 16
    assert report.counts.rejected == 0


def test_failures_with_successes_between_do_not_stop_the_others(job: JobMaker, lake: Any, records: Bodies) -> None:
    turns = [threading.Event() for _ in range(41)]
    turns[0].set()

    def after_put(key: str) -> None:
        if "/parts/" in key:
            turns[int(key.rpartition("/s")[2].removesuffix(".json")) + 1].set()

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        number = int(slice.name[1:])
        assert turns[number].wait(10)
        if number % 4 == 3:
            turns[number + 1].set()
            raise TransientError("no answer")
        yield Record("thing", slice.name, b"{}")

    lake.after_put = after_put
    assert run(job(slices(40), fetch)).status is Status.PARTIAL
    assert len(records()) == 30


@pytest.mark.parametrize(
    "error", [ValueError("bad row"), SystemExit(2), KeyError("id"), RecursionError("deep")], ids=repr
)
def test_a_plugin_that_raises_anything_fails_the_run_with_source_and_slice(job: JobMaker, error: BaseException) -> None:
    report = run(job(slices(3), failing("s1", error)))
    assert (report.status, report.exit_code) == (Status.FAILED, 1)
    assert report.error is not None
    kind, what, *_ = report.error
    assert kind == "PluginError"
    assert "things" in what
    assert "s1" in what
    assert type(error).__name__ in what


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(0)], ids=repr)
def test_a_plan_that_raises_anything_fails_the_run_with_the_source(
    job: JobMaker, own_files: Files, error: BaseException
) -> None:
    def plan(ctx: Context) -> Iterator[Slice]:
        yield Slice("a")
        raise error

    report = run(job(plan, lambda ctx, slice: []))
    assert report.status is Status.FAILED
    assert report.error is not None
    assert "source things: plan raised" in report.error[1]
    assert own_files() == {}


@pytest.mark.parametrize(
    ("planned", "says"),
    [
        ([Slice("a"), "garbage"], "plan yielded a str"),
        ([{"name": "a"}], "plan yielded a dict"),
        ([Record("thing", 1, b"{}")], "plan yielded a Record"),
        ([Slice("a"), Slice("b"), Slice("a")], "two slices 'a'"),
        (None, "plan raised TypeError"),
    ],
    ids=["text", "dict", "record", "names", "nothing"],
)
def test_a_plan_that_breaks_the_contract_is_an_error_of_the_plugin(job: JobMaker, planned: Any, says: str) -> None:
    report = run(job(lambda ctx: planned, lambda ctx, slice: []))
    assert report.error is not None
    assert report.error[0] == "PluginError"
    assert says in report.error[1]


def test_a_fetch_that_yields_garbage_is_an_error_of_the_plugin(job: JobMaker) -> None:
    report = run(job(slices(1), lambda ctx, slice: [{"id": 7}]))
    assert report.error is not None
    assert report.error[0] == "PluginError"
    assert "slice s0: yielded a dict" in report.error[1]


def test_a_source_that_connects_nowhere_and_asks_is_told_so(job: JobMaker) -> None:
    report = run(job(slices(1), lambda ctx, slice: [ctx.api.get("/x")]))
    assert report.error is not None
    assert report.error[0] == "PluginError"
    assert "no network" in report.error[1]


def test_an_interrupted_plan_is_not_swallowed_and_commits_nothing(job: JobMaker, own_files: Files) -> None:
    def plan(ctx: Context) -> Iterator[Slice]:
        yield Slice("a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(job(plan, lambda ctx, slice: []))
    assert own_files() == {}


def test_a_lake_that_refuses_fails_the_run_and_nothing_is_committed(job: JobMaker, lake: Any, own_files: Files) -> None:
    def refuse(key: str) -> None:
        if key.startswith("Raw/"):
            raise LakeError(f"{key}: the disk is full")

    lake.after_put = refuse
    report = run(job(slices(20), failing("none", ValueError())))
    assert (report.status, report.exit_code) == (Status.FAILED, 1)
    assert report.error is not None
    assert "the disk is full" in report.error[1]
    assert "manifest.json" not in own_files()


def test_a_connect_that_raises_anything_fails_the_run_with_the_source(job: JobMaker) -> None:
    def connect(settings: Any) -> Connection:
        return Connection(settings["base_url"])

    report = run(job(slices(1), lambda ctx, slice: [], connect=connect))
    assert report.error is not None
    assert report.error[0] == "PluginError"
    assert "things" in report.error[1]


def test_a_slice_that_json_cannot_say_is_an_error_of_the_plugin(job: JobMaker) -> None:
    report = run(job(lambda ctx: [Slice("a", {"session": object()})], lambda ctx, slice: []))
    assert report.error is not None
    assert report.error[0] == "PluginError"


def test_fetch_sees_params_as_json_gives_them_back(job: JobMaker) -> None:
    seen: list[Any] = []
    plan = lambda ctx: [Slice("a", {"ids": (1, 2)})]  # noqa: E731
    run(job(plan, lambda ctx, slice: seen.append(slice.params["ids"]) or []))  # type: ignore[func-returns-value]
    assert seen == [[1, 2]]


def test_a_plan_that_cannot_be_written_ends_the_run_and_not_its_patience(job: JobMaker, lake: Any) -> None:
    put_if_absent = lake.put_if_absent

    def failing(key: str, *rest: Any) -> bool:
        if "plan-0-1" in key:
            raise TransientError("S3 cannot be reached")
        return bool(put_if_absent(key, *rest))

    lake.put_if_absent = failing
    report = run(job(lambda ctx: (Ref("thing", id) for id in range(150_000)), lambda ctx, slice: []))
    assert report.status is Status.PARTIAL
