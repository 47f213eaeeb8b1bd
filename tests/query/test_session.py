"""SQL over a lake: what is committed and nothing else, whatever the layout, whatever the records look like."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest_core import Context, Record, Rejected, Slice, TransientError
from ingest_core.codes import Code
from ingest_core.errors import CredentialsError, IngestError, UsageError
from ingest_core.interruption import Interruption
from ingest_core.model import Batch
from ingest_core.query import Origin, Session
from ingest_core.run import Job, replay, run
from ingest_core.state import History
from ingest_core.upkeep import prune

JobMaker = Callable[..., Job]
Ask = Callable[..., list[tuple[Any, ...]]]
LAYOUTS = [None, Batch(2), Batch(array=True), Batch(3, gzip=True)]


def day(number: int) -> dt.date:
    return dt.date(2026, 11, number)


def plan(ctx: Context) -> Iterator[Slice]:
    yield Slice("a")


def yielding(*bodies: Any) -> Callable[..., Iterator[Any]]:
    """Things 1, 2, … with these bodies, or items that are none."""

    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        for number, body in enumerate(bodies, 1):
            if isinstance(body, Exception):
                raise body
            yield Record("thing", number, body) if isinstance(body, bytes) else body

    return fetch


@pytest.fixture
def session(lake: Any) -> Iterator[Callable[..., Session]]:
    opened: list[Session] = []

    def start(*streams: str, config: str = "things", **more: Any) -> Session:
        history = History(lake, "Things", config)
        opened.append(Session([Origin("things", stream, history, lake) for stream in streams or ("thing",)], **more))
        return opened[-1]

    yield start
    for one in opened:
        one.__exit__()


@pytest.fixture
def ask(session: Callable[..., Session]) -> Ask:
    """The rows of one query, in a session of its own."""
    return lambda sql: session().run(sql, lambda cursor: cursor.fetchall())


@pytest.mark.parametrize("batch", LAYOUTS, ids=str)
def test_a_view_has_the_fields_of_the_records_and_where_they_come_from(
    job: JobMaker, ask: Ask, batch: Batch | None
) -> None:
    run(job(plan, yielding(b'{"id": 1,\n "title": "x y"}', b'{"id": 2, "title": null}', b"[1]", b'"t"'), batch=batch))
    assert ask("SELECT date, id, title, source, config FROM things_thing ORDER BY id") == [
        (day(23), 1, "x y", "things", "things"),
        (day(23), 2, None, "things", "things"),
        (day(23), 3, None, "things", "things"),
        (day(23), 4, None, "things", "things"),
    ]
    assert ask("SELECT record FROM things_thing WHERE id = 1")[0][0].replace("\n ", " ") in {
        '{"id":1,"title":"x y"}', '{"id": 1, "title": "x y"}'
    }  # fmt: skip
    keys = {key for (key,) in ask("SELECT DISTINCT key FROM things_thing")}
    assert all(key.startswith("Raw/Things/JSON/2026/11/23/") for key in keys)
    assert len(keys) == (4 if batch is None else -(-4 // batch.records))


def test_what_is_not_committed_is_not_there(job: JobMaker, lake: Any, ask: Ask) -> None:
    body = b'{"n": 1}'
    run(job(plan, yielding(body, body)))
    run(job(plan, yielding(body, TransientError("503")), date=day(24)))
    run(job(plan, yielding(body, body), date=day(22), limit=1))
    lake.put("Raw/Things/JSON/2026/11/23/99.json", body)  # nobody's
    lake.put("Raw/Things/JSON/2026/11/21/1.json", body)
    assert ask("SELECT date, count(*) FROM things_thing GROUP BY date") == [(day(23), 2)]


@pytest.mark.parametrize("batch", [None, Batch(2)], ids=str)
def test_a_new_generation_is_all_there_is_of_the_day(job: JobMaker, lake: Any, ask: Ask, batch: Batch | None) -> None:
    run(job(plan, yielding(b'{"n": 1}', b'{"n": 1}', b'{"n": 1}'), batch=batch))
    before = lake.bodies("Raw/")
    run(job(plan, yielding(b'{"n": 2}', b'{"n": 2}'), batch=batch, refresh=True))
    for key, body in before.items():
        lake.put_if_absent(key, body, {})  # as if it had not been removed yet
    assert ask("SELECT id, n FROM things_thing ORDER BY id") == [(1, 2), (2, 2)]


def test_what_a_replay_brought_is_there(job: JobMaker, ask: Ask) -> None:
    first = job(plan, yielding(b"{}", Rejected("thing", 9, "malformed")))
    run(first)
    replay(replace(first, source=replace(first.source, fetch=yielding(Record("thing", 9, b'{"now": 1}')))))
    assert ask("SELECT id, now FROM things_thing ORDER BY id") == [(1, None), (9, 1)]


def test_only_the_days_that_a_query_asks_for_are_read(
    job: JobMaker, lake: Any, session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10, 21):
        run(job(plan, yielding(b'{"n": %d}' % number), date=day(number)))
    read: list[str] = []
    get = lake.get
    monkeypatch.setattr(lake, "get", lambda key: read.append(key) or get(key))  # type: ignore[func-returns-value]
    found = session()

    def days_read(sql: str) -> list[str]:
        read.clear()
        found.run(sql, lambda cursor: cursor.fetchall())
        return sorted({key.split("/")[-2] for key in read if key.startswith("Raw/")})

    assert days_read("SELECT n FROM things_thing WHERE date = '2026-11-12'") == ["12", "20"]  # and the newest, to begin
    assert days_read("SELECT n FROM things_thing WHERE date = '2026-11-12'") == []
    assert days_read("SELECT n FROM things_thing WHERE date BETWEEN '2026-11-12' AND '2026-11-14'") == ["13", "14"]
    assert days_read("SELECT max(n) FROM things_thing") == ["10", "11", "15", "16", "17", "18", "19"]


def test_a_window_leaves_the_other_days_out(job: JobMaker, session: Callable[..., Session]) -> None:
    for number in (20, 21, 22):
        run(job(plan, yielding(b"{}"), date=day(number)))
    found = session(window=lambda days: [one for one in days if one <= day(21)])
    assert found.run("SELECT max(date), count(*) FROM things_thing", lambda cursor: cursor.fetchall()) == [(day(21), 2)]


@pytest.mark.parametrize(
    ("older", "newer", "seen"),
    [
        (b'{"n": 1.5}', b'{"n": 1}', [(1.5,), (1.0,)]),
        (b'{"n": "x"}', b'{"n": 1}', [('"x"',), ("1",)]),
        (b'{"n": null}', b'{"n": "x"}', [(None,), ("x",)]),
        (b'{"n": -1}', b'{"n": 18446744073709551615}', [("-1",), ("18446744073709551615",)]),
        (b'{"n": [1]}', b'{"n": {"a": 1}}', [("[1]",), ('{"a":1}',)]),
        (b'{"n": 1e999}', b'{"n": 1}', [(float("inf"),), (1.0,)]),
        (b'{"n": "2026-11-20"}', b'{"n": ""}', [("2026-11-20",), ("",)]),
        (b'{"n": {"a": 1, "b": 2}}', b'{"n": {"a": 1}}', [({"a": 1, "b": 2},), ({"a": 1, "b": None},)]),
    ],
    ids=str,
)  # fmt: skip
def test_a_column_holds_what_all_the_days_have_that_a_query_reads(
    job: JobMaker, ask: Ask, older: bytes, newer: bytes, seen: list[Any]
) -> None:
    run(job(plan, yielding(older), date=day(20)))
    run(job(plan, yielding(newer), date=day(21)))
    assert ask("SELECT n FROM things_thing ORDER BY date") == seen


def test_a_table_that_is_made_is_made_once_and_of_the_columns_of_all(
    job: JobMaker, session: Callable[..., Session]
) -> None:
    run(job(plan, yielding(b'{"n": 1.5}'), date=day(20)))
    run(job(plan, yielding(b'{"n": 1}'), date=day(21)))
    found = session()
    found.run("CREATE TABLE t AS SELECT n FROM things_thing", lambda cursor: None, "CREATE")
    found.run("INSERT INTO t SELECT n FROM things_thing", lambda cursor: None, "INSERT")
    assert found.run("SELECT sum(n) FROM t", lambda cursor: cursor.fetchall()) == [(5.0,)]


def test_a_field_that_only_the_oldest_day_has_can_be_named(job: JobMaker, ask: Ask) -> None:
    run(job(plan, yielding(b'{"gone": 7}'), date=day(20)))
    run(job(plan, yielding(b'{"new": 8}'), date=day(21)))
    assert ask("SELECT gone FROM things_thing WHERE date = '2026-11-20'") == [(7,)]
    with pytest.raises(UsageError, match="never"):
        ask("SELECT never FROM things_thing")


@pytest.mark.parametrize("batch", [None, Batch()], ids=str)
def test_ids_and_values_that_mean_harm_are_values(job: JobMaker, ask: Ask, batch: Batch | None) -> None:
    ids = ["'; DROP VIEW things_thing; --", "../../etc/passwd", "a\nb\x1b[2J", "\U0001f3ac", '"', "\\", "$(reboot)"]
    bodies = [json.dumps({"text": id, id: 1}).encode() for id in ids]
    run(job(plan, yielding(*(Record("thing", id, body) for id, body in zip(ids, bodies, strict=True))), batch=batch))
    rows = ask("SELECT id, text, record FROM things_thing")
    assert sorted((id, text, json.loads(record)) for id, text, record in rows) == sorted(
        (id, id, {"text": id, id: 1}) for id in ids
    )


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb'{"a": "x\ud800y", "b": 1}', "x\ufffdy"),
        (rb'{"a": "\ud83c\udfac"}', "\U0001f3ac"),
        (rb'{"a": "a\u0000b"}', "a\0b"),
        (rb'{"a": "\\ud800"}', r"\ud800"),
        (b'{"a": "first", "a": "second"}', "first"),
        (b'{"a": "x", "n": ' + b"[" * 500 + b"]" * 500 + b"}", "x"),
        (b'{"a": "' + b"x" * 20_000_000 + b'"}', "x" * 20_000_000),
    ],
    ids=["half a surrogate", "a pair", "nul", "escaped", "twice", "deep", "large"],
)
def test_a_record_that_json_allows_and_readers_stumble_over_breaks_nothing(
    job: JobMaker, ask: Ask, body: bytes, text: str
) -> None:
    run(job(plan, yielding(body, b'{"a": "another"}')))
    assert sorted(ask("SELECT a FROM things_thing")) == sorted([(text,), ("another",)])


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT * FROM read_text('/etc/hostname')", "disabled by configuration"),
        ("SELECT * FROM '/etc/hostname'", "does not exist"),
        ("COPY (SELECT 1) TO '{place}/out.csv'", "disabled by configuration"),
        ("ATTACH '{place}/other.db'", "disabled by configuration"),
        ("INSTALL httpfs", "disabled by configuration"),
        ("LOAD '{place}/x.duckdb_extension'", "disabled through configuration"),
        ("SET enable_external_access = true", "enable.external.access"),
        ("SET allowed_directories = ['/']", "Cannot|disabled"),
        ("SELECT * FROM read_json('lake://7/x')", "disabled|No files found"),
        ("SELECT * FROM read_json('lake://7/*/records.json')", "No files found"),
        ("SELECT * FROM read_json('lake://0/../../etc/passwd')", "disabled|No files found"),
        ("SELECT * FROM read_json('lake://0/date=9999-99-99/records.json')", "No files found"),
        ("COPY (SELECT 1) TO 'lake://0/date=2026-11-23/records.json'", "the lake is only read"),
        ("BEGIN", "a transaction of its own"),
        ("SELECT * FROM job", "does not exist"),
    ],
)  # fmt: skip
def test_sql_reaches_nothing_but_the_views(
    job: JobMaker, session: Callable[..., Session], tmp_path: Path, sql: str, says: str
) -> None:
    run(job(plan, yielding(b"{}")))
    found = session()
    (statement,) = found.statements(sql.format(place=tmp_path))
    with pytest.raises(IngestError, match=says) as caught:
        found.run(statement.query, lambda cursor: cursor.fetchall(), statement.type.name)
    assert caught.value.code in {Code.SQL, Code.SQL_SIZE}
    assert list(tmp_path.iterdir()) == []


def test_an_object_that_was_altered_or_removed_is_left_out_and_named(
    job: JobMaker, lake: Any, session: Callable[..., Session]
) -> None:
    run(job(plan, yielding(b'{"n": 1}', b'{"n": 2}', b'{"n": 3}')))
    lake.put("Raw/Things/JSON/2026/11/23/1.json", b'{"n": 7}')
    lake.delete("Raw/Things/JSON/2026/11/23/2.json")
    found = session()
    assert found.run("SELECT n FROM things_thing", lambda cursor: cursor.fetchall()) == [(3,)]
    assert found.left_out() == [
        "Raw/Things/JSON/2026/11/23/1.json is not what landed: its digest is another "
        "(ingest verify things --date 2026-11-23)",
        "Raw/Things/JSON/2026/11/23/2.json is missing (ingest verify things --date 2026-11-23)",
    ]
    assert found.left_out() == []


def test_a_pruned_day_is_left_out_and_named(job: JobMaker, lake: Any, session: Callable[..., Session]) -> None:
    run(job(plan, yielding(b"{}")))
    prune(lake, "Things", "things", day(23))
    found = session()
    assert found.run("SELECT count(*) FROM things_thing", lambda cursor: cursor.fetchall()) == [(0,)]
    assert found.left_out() == ["things 2026-11-23: what 1 of 1 parts named, which were pruned"]


def test_the_lake_says_itself_why_it_refuses(
    job: JobMaker, lake: Any, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(job(plan, yielding(b"{}")))
    get = lake.get

    def refuse(key: str) -> Any:
        if key.startswith("Raw/"):
            raise CredentialsError(f"{key}: access denied", Code.AWS_RIGHT)
        return get(key)

    monkeypatch.setattr(lake, "get", refuse)
    with pytest.raises(CredentialsError, match="access denied"):
        ask("SELECT * FROM things_thing")


def test_views_are_named_so_that_they_can_be_typed(job: JobMaker, lake: Any, session: Callable[..., Session]) -> None:
    def two(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield Record("movie", 1, b'{"n": 1}')
        yield Record("tv", 1, b'{"n": 2}')

    run(job(plan, two, streams=("movie", "tv", "person")))
    found = session("movie", "tv", "person")
    assert found.names == ["things_movie", "things_tv"]
    asked = "SELECT (SELECT n FROM Things_Movie), (SELECT n FROM things_tv), (SELECT count(*) FROM things_person)"
    assert found.run(asked, lambda cursor: cursor.fetchall()) == [(1, 2, 0)]
    tables = found.run("SHOW TABLES", lambda cursor: cursor.fetchall())
    assert [name for (name,) in tables] == ["things_movie", "things_person", "things_tv"]


def test_names_that_two_streams_would_have_are_told_apart(lake: Any) -> None:
    histories = [History(lake, "Things", config) for config in ("a-b", "a_b", "a")]
    streams = zip(("c", "c", "d"), histories, strict=True)
    with Session([Origin("things", stream, history, lake) for stream, history in streams]) as found:
        asked = 'SELECT (SELECT count(*) FROM "a-b/c"), (SELECT count(*) FROM "a_b/c"), (SELECT count(*) FROM a_d)'
        assert found.run(asked, lambda cursor: cursor.fetchall()) == [(0, 0, 0)]


def test_a_view_of_ones_own_goes_on_from_those_that_there_are(job: JobMaker, session: Callable[..., Session]) -> None:
    run(job(plan, yielding(b'{"n": 1}'), date=day(20)))
    run(job(plan, yielding(b'{"n": 2}'), date=day(21)))
    found = session()
    found.run("CREATE VIEW newest AS SELECT n FROM things_thing WHERE date = '2026-11-21'", lambda c: None, "CREATE")
    assert found.run("SELECT n FROM newest", lambda cursor: cursor.fetchall()) == [(2,)]


def test_nothing_of_a_session_stays(job: JobMaker, lake: Any) -> None:
    run(job(plan, yielding(b"{}")))
    with Session([Origin("things", "thing", History(lake, "Things", "things"), lake)]) as found:
        found.run("SELECT * FROM things_thing", lambda cursor: cursor.fetchall())
        folder = found.folder
        assert list(folder.glob("*.json"))
    assert not folder.exists()


def test_an_interruption_ends_what_duckdb_has_read_by_a_thread_of_its_own(
    job: JobMaker, session: Callable[..., Session]
) -> None:
    for number in (20, 21, 22):
        run(job(plan, yielding(*[b"{}"] * 50), date=day(number)))
    found, seen = session(), 0

    def interrupt() -> None:
        nonlocal seen
        seen += 1
        if seen == 70:  # the sample is read by then
            found.interruption.request()

    found.on_record = interrupt
    with pytest.raises(KeyboardInterrupt):
        found.run("SELECT count(*) FROM things_thing", lambda cursor: cursor.fetchall())
    assert seen < 150
    found.interruption = Interruption()
    assert found.run("SELECT count(*) FROM things_thing", lambda cursor: cursor.fetchall()) == [(150,)]


def test_days_are_read_side_by_side(
    job: JobMaker, lake: Any, session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (20, 21, 22):
        run(job(plan, yielding(b"{}"), date=day(number)))
    both, get = threading.Barrier(2, timeout=30), lake.get

    def meet(key: str) -> Any:
        if key.startswith("Raw/") and "/22/" not in key:  # the newest was the sample
            both.wait()
        return get(key)

    monkeypatch.setattr(lake, "get", meet)
    found = session()
    assert found.run("SELECT count(*) FROM things_thing", lambda cursor: cursor.fetchall()) == [(3,)]
