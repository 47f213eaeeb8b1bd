"""A model that is not ours: every recorded answer of TMDB goes through the source over HTTP, byte for byte."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ingest_core.model import Report, Status

Landed = Callable[[], dict[str, bytes]]
RAW = "Raw/TMDB/JSON/2026/11/23"
NOT_FOUND = "recorded-2025/error_404_code6_movie_0.json"

# file → the path that it is served under, and the key that it lands under
WHOLE = {
    "recorded-2025/movie_348.json": ("/movie/348", "movie-348"),
    "recorded-2025/movie_550_append_to_response_credits_release_dates_external_ids_keywords_images.json": (
        "/movie/550",
        "movie-550",
    ),
    "recorded-2025/tv_1399_append_to_response_aggregate_credits_content_ratings_credits_external_id.json": (
        "/tv/1399",
        "tv-1399",
    ),
    "recorded-2025/tv_1399_season_1_append_to_response_aggregate_credits_credits_external_ids.json": (
        "/tv/1399/season/1",
        "season-1399-1",
    ),
    # No selection asks for an episode: its bytes stand in for a person's.
    "recorded-2025/tv_1399_season_1_episode_1_append_to_response_credits_external_ids.json": ("/person/1", "person-1"),
    "recorded-2025/collection_8091.json": ("/collection/8091", "collection-8091"),
    "recorded-2025/configuration.json": ("/configuration", "configuration-all"),
    "recorded-2025/configuration_countries.json": ("/configuration/countries", "countries-all"),
    "recorded-2025/configuration_jobs.json": ("/configuration/jobs", "jobs-all"),
    "recorded-2025/configuration_languages.json": ("/configuration/languages", "languages-all"),
    "recorded-2025/genre_movie_list.json": ("/genre/movie/list", "genres-movie"),
    "recorded-2025/genre_tv_list.json": ("/genre/tv/list", "genres-tv"),
}
# file → the path that it is served under, and the entry that reads it; a search stands in for a list
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"captured/movie_lists/{name}.json": (f"/movie/{name}", {"list": f"movie/{name}", "pages": 1})
       for name in ("now_playing", "popular", "top_rated", "upcoming")},
    **{f"captured/tv_series_lists/{name}.json": (f"/tv/{name}", {"list": f"tv/{name}", "pages": 1})
       for name in ("airing_today", "on_the_air", "popular", "top_rated")},
    **{f"captured/trending/{name}.json": (f"/trending/{kind}/day", {"trending": f"{kind}/day", "pages": 1})
       for name, kind in (("all", "all"), ("movies", "movie"), ("people", "person"), ("tv", "tv"))},
    "captured/discover/movies.json": ("/discover/movie", {"discover": "movie", "pages": 1}),
    "captured/discover/tv.json": ("/discover/tv", {"discover": "tv", "pages": 1}),
    "recorded-2025/search_movie_query_Inception.json": ("/movie/popular", {"list": "movie/popular"}),
    "recorded-2025/search_tv_query_Breaking_Bad.json": ("/tv/popular", {"list": "tv/popular"}),
}  # fmt: skip
CHANGES = {"captured/changes/movie_list.json": "movie", "captured/changes/people_list.json": "person",
           "captured/changes/tv_list.json": "tv"}  # fmt: skip
# file → what it is asked as, and what is asked for then; None: it is missing
FOUND = {
    "captured/find/movie_results.json": ("movie", "/movie/19995"),
    "captured/find/person_results.json": ("person", "/person/2710"),
    "captured/find/tv_results.json": ("tv", "/tv/1396"),
    "captured/find/tv_episode_results.json": ("tv", None),
    "captured/find/tv_season_results.json": ("tv", None),
}
REFUSED = ("captured/errors/validate_key.json", "captured/errors/validate_key_unsuccessful.json", NOT_FOUND)


class Server:
    """Serves files by path; anything else is TMDB's recorded 404. Remembers the paths that it was asked for."""

    def __init__(self, folder: Path) -> None:
        self._not_found = (folder / NOT_FOUND).read_bytes()
        self._answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                path = parts.path.removeprefix("/3")
                outer.asked.append(path)
                status, body = outer.answer(path, parse_qs(parts.query).get("page", ["1"])[0])
                self.send_response(status)
                self.send_header("Content-Type", "application/json;charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._http.server_port}/3"
        self.exports_url = f"http://127.0.0.1:{self._http.server_port}/p/exports"
        self.options = type("Options", (), {"token": "any", "api_key": "any"})

    def answer(self, path: str, page: str) -> tuple[int, bytes]:
        status, body = self._answers.get(path, (404, self._not_found))
        if page == "1" or status != 200:
            return status, body
        return 200, b'{"page":%s,"results":[],"total_pages":%d}' % (page.encode(), json.loads(body)["total_pages"])

    def serve(self, path: str, body: bytes, status: int = 200) -> None:
        self._answers[path] = (status, body)

    def __enter__(self) -> Server:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def folder_of_answers(fixtures: Path) -> Path:
    return fixtures / "tmdb"


@pytest.fixture
def server(folder_of_answers: Path) -> Iterator[Server]:
    with Server(folder_of_answers) as serving:
        yield serving


def test_no_recorded_answer_is_left_out(folder_of_answers: Path) -> None:
    files = {
        path.relative_to(folder_of_answers).as_posix()
        for path in folder_of_answers.rglob("*.json")
        if ".response-meta" not in path.name and path.name != "openapi.json"
    }
    assert files == {*WHOLE, *ROWS, *CHANGES, *FOUND, *REFUSED}


@pytest.mark.parametrize("layout", ["record", "batch"])
def test_documents_land_as_they_were_recorded(
    server: Server, land: Callable[..., Report], landed: Landed, folder_of_answers: Path, layout: str
) -> None:
    bodies = {file: (folder_of_answers / file).read_bytes() for file in WHOLE}
    for file, (path, _) in WHOLE.items():
        server.serve(path, bodies[file])
    report = land(
        server,
        [
            {"ids": [348, 550], "as": "movie"},
            {"ids": [1399], "as": "tv"},
            {"ids": [1], "as": "person"},
            {"ids": [8091], "as": "collection"},
            {"reference": ["genres", "configuration", "countries", "languages", "jobs"]},
        ],
        append={
            "movie": ["credits", "release_dates", "external_ids", "keywords", "images"],
            "tv": ["aggregate_credits", "content_ratings", "credits", "external_ids"],
            "season": ["aggregate_credits", "credits", "external_ids"],
        },
        seasons=True,
        top={"layout": layout},
    )
    # Of the show's nine seasons one was recorded.
    assert (report.status, report.counts.records, report.counts.missing) == (Status.DONE, len(WHOLE), 8)
    if layout == "record":
        assert landed() == {f"{RAW}/{key}.json": bodies[file] for file, (_, key) in WHOLE.items()}
    else:
        lines = [line for body in landed().values() for line in body.splitlines()]
        assert sorted(lines) == sorted(body.strip() for body in bodies.values())


@pytest.mark.parametrize("file", ROWS)
def test_rows_land_as_they_stand_in_the_recorded_page(
    server: Server, land: Callable[..., Report], landed: Landed, folder_of_answers: Path, file: str
) -> None:
    path, select = ROWS[file]
    page = (folder_of_answers / file).read_bytes()
    server.serve(path, page)
    report = land(server, [select], detail=False)
    rows = json.loads(page)["results"]
    kind = path.split("/")[2] if path.startswith(("/trending", "/discover")) else path.split("/")[1]
    expected = {f"{RAW}/{row['media_type'] if kind == 'all' else kind}-{row['id']}.json": row for row in rows}
    found = landed()
    assert report.status is Status.DONE
    assert {key: json.loads(body) for key, body in found.items()} == expected
    assert all(body in page for body in found.values())


@pytest.mark.parametrize("file", CHANGES)
def test_every_recorded_change_is_asked_for(
    server: Server, land: Callable[..., Report], folder_of_answers: Path, file: str
) -> None:
    page, kind = (folder_of_answers / file).read_bytes(), CHANGES[file]
    server.serve(f"/{kind}/changes", page)
    report = land(server, [{"changes": kind}])
    ids = {row["id"] for row in json.loads(page)["results"]}
    assert (report.status, report.counts.missing) == (Status.DONE, len(ids))
    assert {f"/{kind}/{id}" for id in ids} <= set(server.asked)
    assert server.asked.count(f"/{kind}/changes") == json.loads(page)["total_pages"]


@pytest.mark.parametrize("file", FOUND)
def test_what_was_found_is_asked_for(
    server: Server, land: Callable[..., Report], folder_of_answers: Path, file: str
) -> None:
    kind, path = FOUND[file]
    imdb = "nm0000116" if kind == "person" else "tt0499549"
    server.serve(f"/find/{imdb}", (folder_of_answers / file).read_bytes())
    report = land(server, [{"ids": [imdb], "as": kind}])
    assert (report.status, report.counts.missing) == (Status.DONE, 1)
    assert server.asked == [f"/find/{imdb}", *([path] if path else [])]


def test_a_recorded_refusal_of_the_key_stops_the_run(
    server: Server, land: Callable[..., Report], folder_of_answers: Path
) -> None:
    refusal = (folder_of_answers / "captured/errors/validate_key_unsuccessful.json").read_bytes()
    server.serve("/movie/348", refusal, 401)
    report = land(server, [{"ids": [348], "as": "movie"}])
    assert (report.status, report.exit_code) == (Status.FAILED, 4)


def test_a_recorded_acceptance_of_the_key_is_what_the_check_looks_for(
    server: Server, tmp_path: Path, folder_of_answers: Path
) -> None:
    from ingest_core.assembly import Wish, Workspace

    server.serve("/authentication", (folder_of_answers / "captured/errors/validate_key.json").read_bytes())
    config = tmp_path / "tmdb.yaml"
    config.write_text(
        f"source: tmdb\nlake: lake\nsettings: {{base_url: '{server.base_url}', select: [{{list: movie/popular}}]}}\n"
    )
    workspace = Workspace({"TMDB_TOKEN": "any"})
    answer = workspace.probe(workspace.use(str(config), Wish()))
    assert answer is not None
    assert answer.ok
