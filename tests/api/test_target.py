"""Where requests may go, and how paths and parameters become a URL."""

from __future__ import annotations

from typing import Any

import pytest
from wire import BASE

from ingest_core.api.target import Target, require_https
from ingest_core.errors import PluginError, UsageError
from ingest_core.model import Connection, Request

TARGET = Target(Connection(BASE, hosts=("cdn.example.org", "Files.Example.org:8443")))
CONFUSED = "urlsplit and urllib3 read this URL differently: the signed request goes to evil.example"
DOTS = "only a plain '..' is refused; requests decodes %2e and urllib3 drops dot segments"


def built(path: str, **params: Any) -> str:
    return TARGET.url(Request(path, params))


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/things", f"{BASE}/things"),
        ("/things/a b", f"{BASE}/things/a%20b"),
        ("/títulos/日本", f"{BASE}/t%C3%ADtulos/%E6%97%A5%E6%9C%AC"),
        ("/things/a%2Fb", f"{BASE}/things/a%2Fb"),
        ("/things/a\r\nX: y", f"{BASE}/things/a%0D%0AX:%20y"),
        ("/things/..x", f"{BASE}/things/..x"),
        ("//evil.example/x", f"{BASE}//evil.example/x"),
        ("https://cdn.example.org/f?page=2", "https://cdn.example.org/f?page=2"),
        ("https://API.example.org/v1/things", "https://API.example.org/v1/things"),
        ("https://files.example.org:8443/x", "https://files.example.org:8443/x"),
    ],
)
def test_a_path_becomes_a_url_on_an_allowed_host(path: str, url: str) -> None:
    assert built(path) == url


@pytest.mark.parametrize(
    "path", ["things", "", "/a/../b", "/..", "/a?b=1", "/a#b", "/a\\..\\b", "@evil.example/", ".evil.example/x"]
)
def test_a_path_that_leaves_its_place_is_refused(path: str) -> None:
    with pytest.raises(PluginError, match="request path"):
        built(path)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "https://api.example.org.evil.example/",
        "https://api.example.org@evil.example/",
        "https://api.example.org:8443/x",
        "https://files.example.org/x",
        "https://api.example.org\n.evil.example/",
    ],
)
def test_another_host_is_refused(url: str) -> None:
    with pytest.raises(PluginError, match="not a host of this source"):
        built(url)


@pytest.mark.parametrize("url", [r"https://evil.example\@api.example.org/x", r"https://evil.example\\@api.example.org"])
def test_a_url_that_two_parsers_read_differently_is_refused(url: str) -> None:
    with pytest.raises(PluginError):
        built(url)


def test_a_url_with_a_user_name_is_refused() -> None:
    with pytest.raises(PluginError):
        built("https://user:password@api.example.org/v1/x")


@pytest.mark.parametrize("path", ["/things/%2e%2e/admin", "/things/.%2E/admin", "/things/.", "/things/%2e", "/a/./b"])
def test_a_dot_segment_that_is_dropped_on_the_way_is_refused(path: str) -> None:
    with pytest.raises(PluginError):
        built(path)


@pytest.mark.parametrize("url", ["https://api.example.org:port/x", "https://[api.example.org/x"])
def test_a_url_that_is_none_is_the_plugins_mistake(url: str) -> None:
    with pytest.raises(PluginError):
        built(url)


@pytest.mark.parametrize("url", ["https://api.example.org:port", "https://[api.example.org"])
def test_a_base_url_that_is_none_is_a_mistake_of_usage(url: str) -> None:
    with pytest.raises(UsageError):
        Target(Connection(url))


@pytest.mark.parametrize(
    "url", ["https://example.org", "http://127.0.0.1:8080/v1", "http://localhost", "http://[::1]:5"]
)
def test_https_and_loopback_are_allowed(url: str) -> None:
    require_https(url)
    assert Target(Connection(url + "/")).base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "http://10.0.0.1",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "ftp://example.org",
        "file:///etc/passwd",
        "https://",
        "example.org",
        "",
    ],
)
def test_plain_http_beyond_loopback_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="only https"):
        require_https(url)
    with pytest.raises(UsageError, match="only https"):
        Target(Connection(url))


def test_an_absolute_url_over_plain_http_is_refused_even_on_an_allowed_host() -> None:
    with pytest.raises(UsageError, match="only https"):
        built("http://api.example.org/v1/x")


@pytest.mark.parametrize("extra", ["?key=s3cr3t", "#s3cr3t"])
def test_a_base_url_with_a_query_or_fragment_is_refused_without_quoting_it(extra: str) -> None:
    with pytest.raises(UsageError) as raised:
        Target(Connection(BASE + extra))
    assert "s3cr3t" not in str(raised.value)


def test_a_base_url_with_a_password_is_refused_without_quoting_it() -> None:
    with pytest.raises(UsageError) as raised:
        Target(Connection("https://user:s3cr3t@api.example.org"))
    assert "s3cr3t" not in str(raised.value)


def test_parameters_are_encoded_and_none_is_left_out() -> None:
    params = {"adult": True, "video": False, "page": 2, "vote": 7.5, "query": "a&b=c é", "year": None}
    assert built("/s", **params) == f"{BASE}/s?adult=true&video=false&page=2&vote=7.5&query=a%26b%3Dc+%C3%A9"
    assert built("/s", year=None) == f"{BASE}/s"


def test_parameters_are_added_to_the_query_of_an_absolute_url() -> None:
    assert built("https://cdn.example.org/f?a=1", page=2) == "https://cdn.example.org/f?a=1&page=2"


@pytest.mark.parametrize("value", [[1], {"a": 1}, b"x", object()])
def test_a_parameter_that_cannot_be_sent_is_the_plugins_mistake(value: object) -> None:
    with pytest.raises(PluginError, match="'page'"):
        built("/s", page=value)
