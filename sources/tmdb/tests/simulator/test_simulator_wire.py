"""What goes over the wire: headers, compression, order, and the oracle's equality with it."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable

import pytest
import requests
from ingest_source_tmdb.simulator import Options, Simulator

Ask = Callable[..., requests.Response]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/authentication", {}),
        ("/configuration/countries", {}),
        ("/movie/11", {}),
        ("/movie/11", {"language": "pt-BR", "append_to_response": "credits,watch/providers,images"}),
        ("/tv/11/season/1", {"append_to_response": "credits"}),
        ("/person/11", {"append_to_response": "combined_credits"}),
        ("/movie/now_playing", {"page": "3", "region": "BR"}),
        ("/trending/all/week", {"page": "2"}),
        ("/movie/popular", {"page": "501"}),
        ("/movie/0", {}),
        ("/nothing/at/all", {}),
    ],
)
def test_the_oracle_says_what_http_gives(simulator: Simulator, ask: Ask, path: str, query: dict[str, str]) -> None:
    answer = ask(path, **query)
    assert (answer.status_code, answer.content) == simulator.answer(path, query)


def test_headers_are_those_of_tmdb(ask: Ask) -> None:
    headers = ask("/movie/11").headers
    assert headers["Content-Type"] == "application/json;charset=utf-8"
    assert headers["Vary"] == "accept-encoding, Origin"
    assert headers["ETag"].startswith('W/"')
    assert 2588 <= int(headers["Cache-Control"].removeprefix("public, max-age=")) <= 22812
    assert headers["Date"].endswith(" GMT")
    assert not any(name.lower().startswith("x-ratelimit") for name in headers)


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [("gzip, deflate", True), ("br;q=1, gzip;q=0.5", True), ("identity", False), ("gzip;q=0", False), ("", False)],
)
def test_gzip_is_used_when_it_is_asked_for(
    simulator: Simulator, session: requests.Session, accepted: str, packed: bool
) -> None:
    headers = {"Authorization": f"Bearer {simulator.options.token}", "Accept-Encoding": accepted}
    answer = session.get(simulator.base_url + "/movie/11", headers=headers, stream=True, timeout=10)
    raw = answer.raw.read(decode_content=False)
    assert (answer.headers.get("Content-Encoding") == "gzip") is packed
    assert int(answer.headers["Content-Length"]) == len(raw)
    assert (gzip.decompress(raw) if packed else raw) == simulator.answer("/movie/11")[1]


def test_a_short_body_is_not_packed(ask: Ask) -> None:
    assert "Content-Encoding" not in ask("/authentication").headers


@pytest.mark.parametrize("latency", [0.0, 0.001])
def test_pipelined_requests_are_answered_in_their_order_and_in_pieces_too(latency: float) -> None:
    paths = ["/movie/3", "/configuration", "/movie/1", "/movie/2", "/movie/3"]
    asked = b"".join(
        f"GET /3{path}?api_key=simulator-api-key HTTP/1.1\r\nHost: x\r\nConnection: {ending}\r\n\r\n".encode()
        for path, ending in zip(paths, ["keep-alive"] * 4 + ["close"], strict=True)
    )
    with (
        Simulator(Options(latency=latency)) as simulator,
        socket.create_connection(("127.0.0.1", int(simulator.base_url.split(":")[2][:-2])), timeout=10) as plain,
        plain.makefile("rb") as answers,
    ):
        plain.sendall(asked[:20])
        plain.sendall(asked[20:])
        got = answers.read()
        bodies = [part.partition(b"\r\n\r\n")[2] for part in got.split(b"HTTP/1.1 200 OK\r\n")[1:]]
        assert bodies == [simulator.answer(path)[1] for path in paths]
        assert [entry.path for entry in simulator.log] == ["/3" + path for path in paths]


def test_a_simulator_can_be_started_again_and_stopped_twice() -> None:
    simulator = Simulator()
    with pytest.raises(RuntimeError, match="not been started"):
        _ = simulator.base_url
    with simulator, pytest.raises(RuntimeError, match="running already"):
        simulator.start()
    simulator.stop()
    with simulator:
        url = f"{simulator.base_url}/movie/1?api_key=simulator-api-key"
        assert requests.get(url, timeout=10).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)
