"""A secret that can travel without being seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Secret:
    """A reference to a secret, resolved when it is first needed.

    `repr`, `str` and JSON show the reference (`env:TMDB_TOKEN`), never the value: only `reveal` and `renew` give that,
    and only the code that signs a request calls them.
    """

    __slots__ = ("_renew", "_resolve", "reference")

    def __init__(
        self, reference: str, resolve: Callable[[str], str], renew: Callable[[str, str], str] | None = None
    ) -> None:
        self.reference = reference
        self._resolve = resolve
        self._renew = renew

    def reveal(self) -> str:
        """The value. Raises CredentialsError, naming the reference, where it cannot be had."""
        return self._resolve(self.reference)

    def renew(self, refused: str) -> str:
        """The value as its place holds it now, after `refused` was refused. Raises as `reveal` does."""
        return self._resolve(self.reference) if self._renew is None else self._renew(self.reference, refused)

    def __repr__(self) -> str:
        return f"Secret({self.reference})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reference == self.reference

    def __hash__(self) -> int:
        return hash(self.reference)

    def __reduce__(self) -> Any:
        raise TypeError("a Secret is not written anywhere; keep its reference instead")


def without_secrets(value: Any) -> Any:
    """A copy of `value` (settings, or a part of them) with the reference in place of each Secret: plain data."""
    if isinstance(value, Secret):
        return value.reference
    if isinstance(value, Mapping):
        return {name: without_secrets(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(inner) for inner in value]
    return value
