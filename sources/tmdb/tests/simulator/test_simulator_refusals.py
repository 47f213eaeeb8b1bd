"""What is refused, and with which code."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
import requests
from ingest_source_tmdb.simulator import Options, Simulator

Ask = Callable[..., requests.Response]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/movie/0", 404, 6),
        ("/movie/abc", 404, 6),
        ("/tv/-3", 404, 6),
        ("/person/1e3", 404, 6),
        ("/movie/999999", 404, 34),
        ("/tv/999999", 404, 34),
        ("/person/999999", 404, 34),
        ("/tv/999999/season/1", 404, 34),
        ("/nothing", 404, 34),
        ("/movie", 404, 34),
        ("/movie/11/nothing", 404, 34),
        ("/trending/movie/month", 404, 34),
    ],
)
def test_ids_and_paths_that_do_not_exist(ask: Ask, path: str, status: int, code: int) -> None:
    answer = ask(path)
    assert (answer.status_code, answer.json()["status_code"], answer.json()["success"]) == (status, code, False)


def test_a_path_outside_version_3_is_not_found(simulator: Simulator, session: requests.Session) -> None:
    root = simulator.base_url.removesuffix("/3")
    answer = session.get(f"{root}/4/movie/11", params={"api_key": simulator.options.api_key}, timeout=10)
    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_only_get_is_supported_and_the_connection_survives_the_refusal(
    simulator: Simulator, session: requests.Session, method: str
) -> None:
    headers = {"Authorization": f"Bearer {simulator.options.token}"}
    url = simulator.base_url + "/movie/11"
    assert session.request(method, url, headers=headers, data=b"{}", timeout=10).status_code == 405
    assert session.get(url, headers=headers, timeout=10).status_code == 200


def test_some_ids_are_gone_and_some_say_so_with_a_200(session: requests.Session) -> None:
    with Simulator(Options(movies=300, list_total=100, missing=0.2, soft_missing=0.2)) as simulator:
        answers = [
            session.get(f"{simulator.base_url}/movie/{number}?api_key=simulator-api-key", timeout=10)
            for number in range(1, 301)
        ]
    codes = [(answer.status_code, answer.json().get("status_code")) for answer in answers]
    assert set(codes) == {(200, None), (404, 34), (200, 21)}
    assert 30 < codes.count((404, 34)) < 90
    assert 30 < codes.count((200, 21)) < 90


def test_bytes_that_are_no_request_get_a_400_and_the_end_of_the_connection(simulator: Simulator) -> None:
    host, port = simulator.base_url.removeprefix("http://").removesuffix("/3").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        plain.sendall(b"hello\r\n\r\n")
        with plain.makefile("rb") as answer:
            assert answer.read().startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::"])
def test_a_host_that_is_not_loopback_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Options(host=host)


@pytest.mark.parametrize("wrong", [{"faults": 1.5}, {"missing": -0.1}, {"movies": 0}, {"rate": 0}, {"latency": -1}])
def test_options_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)  # type: ignore[arg-type]


def test_a_port_that_is_taken_is_the_starters_error(simulator: Simulator) -> None:
    port = int(simulator.base_url.rsplit(":", 1)[1].removesuffix("/3"))
    with pytest.raises(OSError, match="in use"):
        Simulator(Options(port=port)).start()
