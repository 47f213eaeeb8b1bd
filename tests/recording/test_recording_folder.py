"""A recording on disk: written for people, read back as it was, and never with a secret."""

from __future__ import annotations

import base64
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from ingest_core.api import HttpRequest, HttpResponse, TransportError
from ingest_core.errors import StopError, UsageError
from ingest_core.recording import Exchange, Recording, ReplayTransport, Scrubber, read_recording, write_recording

DAY = dt.date(2026, 11, 23)
KEY = "k3y-0f-all-k3ys"
URL = "https://api.example.org/v1/things"
BODY = b'{"items": [ {"id":1}, \xff\x00 ],\r\n\r\n "n": 1.50}\n'


def exchange(url: str = URL, body: bytes = BODY, status: int = 200, **headers: str) -> Exchange:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Exchange(url, {"Authorization": f"Bearer {KEY}"}, HttpResponse(status, told, body))


def written(folder: Path, *exchanges: Exchange, **settings: Any) -> Recording:
    write_recording(folder, "things", DAY, settings, exchanges, Scrubber([KEY]))
    return read_recording(folder)


def ask(recording: Recording, url: str) -> HttpResponse:
    return ReplayTransport(recording).send(HttpRequest(url, {}), seconds=1, max_bytes=1000)


def test_an_answer_comes_back_byte_for_byte(tmp_path: Path) -> None:
    recording = written(tmp_path / "a", exchange(content_type="application/json", link="<x>; rel=next"), pages=2)
    assert (recording.source, recording.date, recording.settings) == ("things", DAY, {"pages": 2})
    answer = ask(recording, URL)
    assert answer == HttpResponse(200, {"content-type": "application/json", "link": "<x>; rel=next"}, BODY)


def test_a_file_is_what_a_person_would_write(tmp_path: Path) -> None:
    written(tmp_path / "a", exchange(f"{URL}?page=1", b"[]", 429, retry_after="7", set_cookie="session=1", etag="x"))
    assert (tmp_path / "a/001-v1-things-page-1.http").read_bytes() == (
        f"GET {URL}?page=1\n429\nretry-after: 7\n\n[]".encode()
    )


def test_cookies_and_requests_own_headers_are_not_kept(tmp_path: Path) -> None:
    written(tmp_path / "a", exchange(set_cookie="session=a-secret-of-theirs", x_rate_limit_reset="9"))
    (text,) = [path.read_text("latin-1") for path in (tmp_path / "a").glob("*.http")]
    assert "session" not in text
    assert "Bearer" not in text
    assert "x-rate-limit-reset: 9" in text


def test_a_secret_is_in_no_file_and_in_no_name(tmp_path: Path) -> None:
    echoed = f'{{"you": "{KEY}", "next": "{URL}?api_key={KEY}&page=2"}}'.encode()
    recording = written(tmp_path / "a", exchange(f"{URL}?api_key={KEY}", echoed, link=f"<{URL}?api_key={KEY}>"))
    for path in (tmp_path / "a").iterdir():
        assert KEY.encode() not in path.read_bytes()
        assert KEY not in path.name
    assert b"page=2" in ask(recording, f"{URL}?api_key=scrubbed-secret").body


def test_a_secret_that_can_still_be_read_stops_it_before_anything_is_written(tmp_path: Path) -> None:
    hidden = base64.b64encode(base64.b64encode(KEY.encode()))
    written(tmp_path / "a", exchange(body=b"[1]"))
    with pytest.raises(StopError, match=r"secret can still be read in what would be 001-v1-things\.http") as caught:
        written(tmp_path / "a", exchange(body=b'{"token": "' + hidden + b'"}'))
    assert KEY not in str(caught.value)
    assert ask(read_recording(tmp_path / "a"), URL).body == b"[1]"


def test_a_new_recording_replaces_the_one_before(tmp_path: Path) -> None:
    written(tmp_path, exchange(f"{URL}/1"), exchange(f"{URL}/2"))
    again = written(tmp_path, exchange(f"{URL}/3"))
    assert list(again.answers) == [f"{URL}/3"]


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds 'precious\.txt'"):
        written(tmp_path, exchange())
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_the_last_answer_to_a_url_is_the_one_that_counts(tmp_path: Path) -> None:
    recording = written(tmp_path / "a", exchange(status=503, body=b""), exchange(body=b"[]"))
    assert ask(recording, URL).status == 200


def test_the_order_of_parameters_does_not_matter_and_their_values_do(tmp_path: Path) -> None:
    recording = written(tmp_path / "a", exchange(f"{URL}?b=2&a=1+x"))
    assert ask(recording, f"{URL}?a=1%20x&b=2").body == BODY
    with pytest.raises(TransportError, match=r"no answer to /v1/things\?a=2&b=2 is recorded"):
        ask(recording, f"{URL}?a=2&b=2")


def test_a_file_that_an_editor_saved_with_other_line_ends_is_read(tmp_path: Path) -> None:
    written(tmp_path / "a", exchange())
    (tmp_path / "a/002-mine.http").write_bytes(f"GET {URL}/9\r\n404\r\nContent-Type: text/plain\r\n\r\nno".encode())
    answer = ask(read_recording(tmp_path / "a"), f"{URL}/9")
    assert (answer.status, answer.headers, answer.body) == (404, {"content-type": "text/plain"}, b"no")


@pytest.mark.parametrize(
    "text", ["", "GET /things\n200\n\n[]", f"POST {URL}\n200\n\n[]", f"GET {URL}\nfine\n\n[]", f"GET {URL}\n200"]
)
def test_a_file_that_is_no_answer_is_named(tmp_path: Path, text: str) -> None:
    written(tmp_path / "a", exchange())
    (tmp_path / "a/002-mine.http").write_text(text)
    with pytest.raises(UsageError, match=r"002-mine\.http: not a recorded answer"):
        read_recording(tmp_path / "a")


@pytest.mark.parametrize("text", [None, "", "[]", "source: x", "source: x\ndate: soon", "{"])
def test_a_folder_that_is_no_recording_is_named(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "recording.yaml").write_text(text)
    with pytest.raises(UsageError, match="recording"):
        read_recording(tmp_path)
