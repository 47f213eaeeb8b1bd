"""Headers as libcurl is told them, and as it tells them."""

from __future__ import annotations

import pytest

from ingest_core.curl import header_line, headers_in


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("things/1", b"x-a: things/1"),
        (" of  some ", b"x-a:  of  some "),
        ("é\xa0", b"x-a: \xe9\xa0"),
        ("a\tb", b"x-a: a\tb"),
        ("", b"x-a;"),
        ("  ", b"x-a;"),
        ("\t", b"x-a;"),
    ],
)
def test_a_value_travels_as_it_is_and_an_empty_one_as_empty(value: str, line: bytes) -> None:
    assert header_line("x-a", value) == line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-a", "b\r\nc: d"),
        ("x-a", "b\nc"),
        ("x-a", "\0"),
        ("x-a", "日"),
        ("x a", "b"),
        ("x-a\r", "b"),
        ("", "b"),
        ("日", "b"),
    ],
)
def test_what_http_does_not_carry_is_refused_each_time(name: str, value: str) -> None:
    for _ in range(2):
        with pytest.raises(ValueError):  # noqa: PT011 -- the kind is the contract
            header_line(name, value)


@pytest.mark.parametrize(
    ("told", "headers"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b \r\na:c:d\r\n\r\n", [("A", "b"), ("a", "c:d")]),
        (b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\nA: b\n\n", [("A", "b")]),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nTrailer: late\r\n", [("A", "b")]),
        (b"HTTP/1.1 200 OK\r\n\r\n", []),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n", None),
        (b"", None),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", None),
    ],
)
def test_the_last_answer_s_headers_are_told_unless_they_break_off(
    told: bytes, headers: list[tuple[str, str]] | None
) -> None:
    assert headers_in(told.splitlines(keepends=True)) == headers
