"""What the hostile API has. A seed decides all of it, so that the server and whoever judges a run agree."""

from __future__ import annotations

import json
import random
import unicodedata
from dataclasses import dataclass
from typing import Any

from .faults import ODD, TRANSIENT, Fault

PAGE = 100
WALKS = 8
ODD_ONE = "7"
SHARE_OF_ODD = 0.4  # of all faults, those that lie in the document; the others pass
BAD_IDS: tuple[Any, ...] = (None, True, False, 1.5, "", [], {})
_PATTERNS = (
    "../{}",
    "{}/..",
    "a/{}",
    "{}\x00b",
    ".{}",
    "{} ",
    "Ti\u0301tulo {}",
    "Ti\u0301tulo {}",
    "case-{}",
    "CASE-{}",
)


@dataclass(frozen=True)
class Catalog:
    """`things` ids; `share` of the answers have a fault.

    `only` names one that the thing ODD_ONE alone has: for good, or in its first two answers where it passes.
    """

    seed: int
    things: int
    share: float
    only: str = ""

    def id(self, number: int) -> str:
        """The id of a thing: most are numbers, one in fifty is no name anywhere."""
        if number % 50:
            return str(number)
        pattern = _PATTERNS[number // 50 % len(_PATTERNS)]
        text = pattern.format(number // 100 if "case" in pattern.lower() else number)
        if pattern.startswith("Ti"):
            text = unicodedata.normalize("NFC" if number // 50 % 2 else "NFD", f"Título {number // 100}")
        return text + "x" * 2000 if number % 1000 == 0 else text

    def walk(self, walk: int, page: int) -> list[Any]:
        """The ids of one page of one of the lists, and some that were there before, or are none."""
        first = (page * WALKS + walk) * PAGE
        chance = self._chance("page", walk, page)
        items: list[Any] = [self.id(number) for number in range(first, min(first + PAGE, self.things))]
        if not items:
            return []
        items += [self.id(chance.randrange(first + 1)) for _ in range(3)]
        if chance.random() < self.share:
            items.append(chance.choice(BAD_IDS))
        chance.shuffle(items)
        return items

    def total_pages(self, walk: int, page: int, asked: int) -> int:
        """What a page claims: it grows and shrinks, and is never to be trusted."""
        return self._chance("total", walk, page, asked).choice([0, 1, page, page + 1, 10**9, -1])

    def document(self, id: str) -> bytes:
        """The thing, as a healthy API would send it."""
        chance = self._chance("document", id)
        filler = "".join(chance.choices("abcdefghij é\n", k=chance.choice([100, 600, 2400])))
        price = f"{chance.randrange(1000)}.{chance.randrange(100):02d}0"
        return f'{{"id": {json.dumps(id)}, "price": {price}, "text": {json.dumps(filler)}}}'.encode()

    def odd(self, id: str) -> Fault | None:
        """What is odd about the document of this id for good; None where nothing is."""
        if self.only:
            return _named(ODD, self.only) if id == ODD_ONE else None
        return _drawn(self._chance("odd", id), ODD, self.share * SHARE_OF_ODD)

    def transient(self, path: str, asked: int) -> Fault | None:
        """What goes wrong with this answer; asked again, the API may do better."""
        if self.only:
            return _named(TRANSIENT, self.only) if path == f"/thing/{ODD_ONE}" and asked <= 2 else None
        return _drawn(self._chance("transient", path, asked), TRANSIENT, self.share * (1 - SHARE_OF_ODD))

    def _chance(self, *what: object) -> random.Random:
        return random.Random(f"{self.seed}/{'/'.join(map(repr, what))}")


def _named(faults: tuple[Fault, ...], name: str) -> Fault | None:
    return next((fault for fault in faults if fault.name == name), None)


def _drawn(chance: random.Random, faults: tuple[Fault, ...], share: float) -> Fault | None:
    if chance.random() >= share:
        return None
    return chance.choices(faults, weights=[fault.weight for fault in faults])[0]
