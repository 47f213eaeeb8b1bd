"""Where a statement ends."""

from __future__ import annotations

import pytest

from ingest_core.query.lexing import is_complete, without_end


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("select 1;", True),
        ("select 1;  \n", True),
        ("select 1; -- done", True),
        ("select 1; /* done */", True),
        ("select 1", False),
        ("select ';", False),
        ("select ';'", False),
        ("select ''';", False),
        ('select ";', False),
        ("select 1 -- ;", False),
        ("select /* ;", False),
        ("select $$ ;", False),
        ("select $$ ; $$;", True),
        ("select 'it''s';", True),
        ("select 1; select 2", False),
        ("", False),
        ("-- ;", False),
    ],
)
def test_a_statement_ends_at_a_semicolon_that_is_one(text: str, complete: bool) -> None:
    assert is_complete(text) is complete


@pytest.mark.parametrize(
    ("statement", "query"),
    [
        ("select 1; -- that ' is all", "select 1"),
        ("select ';' as a -- ; b\n;", "select ';' as a -- ; b\n"),
        ("select 1 /* ; */", "select 1 /* ; */"),
        ("select 1", "select 1"),
    ],
)
def test_a_statement_without_its_end(statement: str, query: str) -> None:
    assert without_end(statement) == query
