"""S3's answers to ListObjectsV2."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from msgspec import Struct

from ingest_core.lake.port import Entry


class Page(Struct, frozen=True):
    """One of them: objects, common prefixes, and what asks for the next page, if there is one."""

    entries: tuple[Entry, ...]
    folders: tuple[str, ...]
    token: str | None


def page_of(body: bytes) -> Page:
    """The page that `body` holds (XML). Raises ValueError where it is none."""
    from xml.etree import ElementTree as ET

    try:
        root = ET.fromstring(body)  # noqa: S314 -- an answer of S3 over TLS; boto3 reads it by the same parser
    except ET.ParseError as error:
        raise ValueError("not XML") from error
    if _name(root) != "ListBucketResult":
        raise ValueError("not a listing")
    said = {_name(child): child.text or "" for child in root}
    plain = unquote_plus if said.get("EncodingType") == "url" else str
    entries = tuple(
        Entry(plain(one["Key"]), int(one["Size"])) for one in map(_fields, root) if one.keys() >= {"Key", "Size"}
    )
    folders = tuple(plain(_fields(child)["Prefix"]) for child in root if _name(child) == "CommonPrefixes")
    if said.get("IsTruncated") == "true" and not said.get("NextContinuationToken"):
        raise ValueError("cut short, and nothing asks for the rest")
    return Page(entries, folders, said["NextContinuationToken"] if said.get("IsTruncated") == "true" else None)


def _fields(element: Any) -> dict[str, str]:
    return {_name(child): child.text or "" for child in element}


def _name(element: Any) -> str:
    """Without its namespace, which not every server gives."""
    return str(element.tag).rpartition("}")[2]
