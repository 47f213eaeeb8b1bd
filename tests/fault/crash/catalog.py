"""What the made-up API has for one date and edition: made anew from its name, each time the same.

Two streams. A *thing* is a document of its own, found by listing. A *row* lies within a page, and what a page holds
changes from one request to the next, as lists do: rows shift, repeat on the next page and change their text; a
*passing* row is there once and never again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

REFS_ON_A_PAGE = 25
ROWS_ON_A_PAGE = 20
OVERLAP = 3


@dataclass(frozen=True)
class Document:
    """One record in two forms that say the same: as it is sent, and without white space outside its strings."""

    stream: str
    id: str
    sent: bytes
    tight: bytes


@dataclass(frozen=True)
class Catalog:
    """So many things and rows of one date; another edition has other texts, and not quite the same ids."""

    things: int
    rows: int
    edition: int
    date: str

    @classmethod
    def at(cls, path: str) -> Catalog:
        """From `things-rows-edition-date`, with which every path of the API begins."""
        things, rows, edition, date = path.split("-", 3)
        return cls(int(things), int(rows), int(edition), date)

    @property
    def name(self) -> str:
        return f"{self.things}-{self.rows}-{self.edition}-{self.date}"

    @property
    def list_pages(self) -> int:
        return -(-self.things // REFS_ON_A_PAGE)

    @property
    def row_pages(self) -> int:
        return -(-self.rows // ROWS_ON_A_PAGE)

    def has_thing(self, number: int) -> bool:
        """Lists name things that are gone: one in 23. A later edition has dropped others as well."""
        return 1 <= number <= self.things and number % 23 != 0 and (self.edition == 1 or number % 7 != 3)

    def refs(self, page: int) -> list[int]:
        """The numbers on one page of the list; each page begins with the last of the page before."""
        first = max(1, (page - 1) * REFS_ON_A_PAGE + 1 - OVERLAP)
        return list(range(first, min(self.things, page * REFS_ON_A_PAGE) + 1))

    def thing(self, number: int, time: int) -> Document:
        """One thing; every fifth has another text each `time` it is asked for."""
        return self._document("thing", str(number), time if number % 5 == 0 else 0, size=number * 37 % 2500)

    def page_of_rows(self, page: int, time: int) -> list[Document]:
        """One page of rows, in another order each `time`: never fewer than are its own."""
        shift = 0 if time == 1 else OVERLAP + time % 5
        first = max(1, (page - 1) * ROWS_ON_A_PAGE + 1 - OVERLAP - shift)
        numbers = list(range(first, min(self.rows, page * ROWS_ON_A_PAGE + shift) + 1))
        random.Random(f"{self.name} {page} {time}").shuffle(numbers)
        documents = [self.row(number, time) for number in numbers]
        if time == 1 and page % 2:
            documents.insert(len(documents) // 2, self._document("row", f"passing-{page}", 0, size=100))
        return documents

    def row(self, number: int, time: int) -> Document:
        """One row; every seventh has another text each time. Some ids are no file names."""
        id = f"r/{number}" if number % 11 == 0 else f"r{number}"
        return self._document("row", id, time if number % 7 == 0 else 0, size=number * 13 % 300)

    def ids(self) -> set[tuple[str, str]]:
        """Every (stream, id) that a run has to land; what passes is not among them."""
        things = {("thing", str(number)) for number in range(1, self.things + 1) if self.has_thing(number)}
        return things | {("row", self.row(number, 0).id) for number in range(1, self.rows + 1)}

    def gone(self) -> int:
        """How many things the lists name in vain."""
        return sum(not self.has_thing(number) for number in range(1, self.things + 1))

    def _document(self, stream: str, id: str, time: int, size: int) -> Document:
        chance = random.Random(f"{self.name} {stream} {id} {time}")
        text = "".join(chance.choices("abc  déf-日本 ", k=size // 2 + 1))
        members = [
            ("id", f'"{id}"'),
            ("stream", f'"{stream}"'),
            ("date", f'"{self.date}"'),
            ("edition", str(self.edition)),
            ("time", str(time)),
            ("score", f"{chance.randint(1, 99)}.{chance.randint(1, 9)}00"),
            ("text", f'"{text}"'),
        ]
        tight = "{" + ",".join(f'"{key}":{value}' for key, value in members) + "}"
        airy = "{\n  " + ",\n  ".join(f'"{key}" : {value}' for key, value in members) + "\n}"
        return Document(stream, id, (airy if size % 3 == 0 else tight).encode(), tight.encode())
