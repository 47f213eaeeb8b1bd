"""A config's `network:`: what may be said, and that certificates are checked whatever is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest_core.api import Network
from ingest_core.config import Config, build_config
from ingest_core.config.document import parse_document
from ingest_core.errors import ConfigError
from ingest_core.model import Source

SOURCE = Source("things", "Things", {}, plan=lambda _: [], fetch=lambda _, __: [])


def built(network: str) -> Config:
    text = f"source: things\nlake: ./lake\n{network}\n"
    return build_config(parse_document(text, "c.yaml"), "c", SOURCE, lambda reference: "")


def test_what_is_left_out_is_straight_public_and_checked_by_certifi() -> None:
    assert built("").network == built("network: {}").network == Network(None, None, False)


def test_a_proxy_a_bundle_and_private_addresses_are_explicit(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    given = built(f"network: {{proxy: 'http://proxy.example.org:3128', ca_bundle: {bundle}, private: true}}").network
    assert given == Network("http://proxy.example.org:3128", str(bundle), True)
    assert built("network: {proxy: environment}").network == Network("environment")


@pytest.mark.parametrize(
    "given",
    [
        "{verify: false}",
        "{insecure: true}",
        "{ca_bundle: false}",
        "{ca_bundle: ''}",
        "{ca_bundle: null}",
        "{ca_bundle: /no/such/file.pem}",
        "{proxy: 'http://user:s3cr3t@proxy.example.org'}",
        "{proxy: 'socks5://proxy.example.org'}",
        "{proxy: 'http://proxy.example.org/?s3cr3t'}",
        "{private: 'yes'}",
        "environment",
    ],
)
def test_anything_else_is_a_mistake_with_its_place(given: str) -> None:
    with pytest.raises(ConfigError) as raised:
        built(f"network: {given}")
    assert [(mistake.file, mistake.line) for mistake in raised.value.mistakes] == [("c.yaml", 3)]


@pytest.mark.parametrize("key", ["verify: false", "tls: false", "insecure: true"])
def test_no_key_turns_the_check_of_certificates_off(key: str) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        built(key)
