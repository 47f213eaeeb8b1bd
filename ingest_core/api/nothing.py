"""The API of a source without one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ingest_core.codes import Code
from ingest_core.errors import PluginError
from ingest_core.model import Answer, Request


class NoApi:
    """Stands where a source has no `connect`: any use is a mistake of its author."""

    def get(self, path: str, **params: str | int | float | bool | None) -> Answer:
        raise PluginError(f"GET {path}: this source has no network", Code.SOURCE_REQUEST, hint="give Source(connect=…)")

    def open(self, path: str, **params: str | int | float | bool | None) -> BinaryIO:
        raise PluginError(f"GET {path}: this source has no network", Code.SOURCE_REQUEST, hint="give Source(connect=…)")

    def get_many(self, requests: Iterable[Request | str]) -> Iterator[Answer]:
        raise PluginError("get_many: this source has no network", Code.SOURCE_REQUEST, hint="give Source(connect=…)")
