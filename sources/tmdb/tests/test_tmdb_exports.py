"""Every id that TMDB has of a kind, from its daily file."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pytest
from ingest_source_tmdb.exports import read_export
from ingest_source_tmdb.simulator import Options, Simulator

from ingest_core import Context, MalformedError, Note, NotFoundError, Ref
from ingest_core.model import Report, Status

Land = Callable[..., Report]
Landed = Callable[[], dict[str, bytes]]
RAW = "Raw/TMDB/JSON/2026/11/23"


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(getattr(request, "param", Options(movies=120, shows=100, people=100, list_total=60))) as running:
        yield running


def test_every_id_of_the_file_lands(simulator: Simulator, land: Land, landed: Landed) -> None:
    report = land(simulator, [{"export": "tv"}])
    assert (report.status, report.notes) == (Status.DONE, ("export tv: 100 of 100 ids of the file of 2026-11-23",))
    assert set(landed()) == {f"{RAW}/tv-{id}.json" for id in range(1, 101)}
    files = [entry for entry in simulator.log if entry.path.startswith("/p/")]
    assert [entry.path for entry in files] == ["/p/exports/tv_series_ids_11_23_2026.json.gz"]


@pytest.mark.parametrize(("adult", "expected"), [(False, 114), (True, 6), (None, 120)])
def test_adult_titles_are_left_out_or_alone(
    simulator: Simulator, land: Land, adult: bool | None, expected: int
) -> None:
    select = {"export": "movie"} | ({} if adult is None else {"adult": adult})
    assert land(simulator, [select]).counts.records == expected


def test_only_what_is_popular_enough_lands(simulator: Simulator, land: Land, landed: Landed) -> None:
    from ingest_source_tmdb.simulator.catalog import Catalog
    from ingest_source_tmdb.simulator.idfiles import lines

    rows = map(json.loads, lines(Catalog(simulator.options), "movie"))
    wanted = {row["id"] for row in rows if row["popularity"] >= 60}
    assert 10 < len(wanted) < 110
    land(simulator, [{"export": "movie", "min_popularity": 60}])
    assert set(landed()) == {f"{RAW}/movie-{id}.json" for id in wanted}


@pytest.mark.parametrize(
    ("simulator", "day"),
    [(Options(shows=60, list_total=60, exported=day), day) for day in ("2026-11-22", "2026-11-21")],
    indirect=["simulator"],
)
def test_the_file_of_the_day_before_does_where_the_days_own_is_not_there_yet(
    simulator: Simulator, land: Land, day: str
) -> None:
    report = land(simulator, [{"export": "tv"}])
    assert report.notes == (f"export tv: 60 of 60 ids of the file of {day}",)


@pytest.mark.parametrize("simulator", [Options(shows=60, list_total=60, exported="2026-11-20")], indirect=True)
def test_no_file_for_days_is_an_error(simulator: Simulator, land: Land) -> None:
    report = land(simulator, [{"export": "tv"}])
    assert report.status is Status.FAILED
    assert report.error is not None
    assert "no file of tv ids of 2026-11-21 to 2026-11-23" in report.error.what


def test_recently_landed_ids_of_an_export_are_skipped(simulator: Simulator, land: Land) -> None:
    land(simulator, [{"ids": [1, 2, 3], "as": "tv"}], date="2026-11-20", config="first")
    report = land(simulator, [{"export": "tv"}], skip_landed="7d")
    assert (report.counts.records, report.counts.skipped) == (97, 3)


class Files:
    """A host of one file."""

    def __init__(self, body: bytes | None) -> None:
        self._body = body
        self.asked: list[str] = []

    def open(self, path: str, **params: object) -> BinaryIO:
        self.asked.append(path)
        if self._body is None:
            raise NotFoundError("404")
        return io.BytesIO(self._body)


def items(body: bytes, **select: object) -> list[Ref | Note]:
    settings = {"exports_url": "https://files.example.org/p/exports/"}
    context = Context(settings, dt.date(2026, 11, 3), {}, Files(body), print, print)  # type: ignore[arg-type]
    return list(read_export(context, {"export": "movie", **select}))


def test_a_file_that_is_cut_off_is_no_export() -> None:
    whole = gzip.compress(b"".join(b'{"id":%d}\n' % n for n in range(100_000)))
    with pytest.raises(MalformedError, match="cut off after"):
        items(whole[:-50])
    with pytest.raises(MalformedError, match="cut off after 0 lines"):
        items(b"<html>")
    with pytest.raises(MalformedError, match="is empty"):
        items(gzip.compress(b""))


def test_lines_that_cannot_be_read_are_counted() -> None:
    *refs, note = items(gzip.compress(b'{"id":1}\n{"id":"x"}\nnull\n{"id":2,"popularity":null}\n{'))
    assert refs == [Ref("movie", 1), Ref("movie", 2)]
    assert isinstance(note, Note)
    assert note.text == "2 of 5 ids of the file of 2026-11-03; 3 lines could not be read"


def test_what_has_no_popularity_is_not_popular() -> None:
    *refs, _ = items(gzip.compress(b'{"id":1}\n{"id":2,"popularity":9.5}\n'), min_popularity=9.5)
    assert refs == [Ref("movie", 2)]
