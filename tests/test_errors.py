"""The error tree, by what the caller does next."""

from __future__ import annotations

import pytest

from ingest_core import errors
from ingest_core.codes import Code
from ingest_core.errors import (
    ConfigError,
    CredentialsError,
    IngestError,
    LakeError,
    Located,
    StopError,
    TransientError,
)


@pytest.mark.parametrize(
    ("name", "parent", "exit_code"),
    [
        ("UsageError", "IngestError", 2),
        ("ConfigError", "UsageError", 2),
        ("PluginError", "IngestError", 1),
        ("CredentialsError", "IngestError", 4),
        ("TransientError", "IngestError", 3),
        ("RecordError", "IngestError", 1),
        ("NotFoundError", "RecordError", 1),
        ("MalformedError", "RecordError", 1),
        ("StopError", "IngestError", 1),
        ("RequestRefusedError", "StopError", 1),
        ("LakeError", "StopError", 1),
    ],
)
def test_an_error_stands_where_the_tree_says_with_its_exit_code(name: str, parent: str, exit_code: int) -> None:
    kind: type[IngestError] = getattr(errors, name)
    assert kind.__base__ is getattr(errors, parent)
    assert kind.exit_code == exit_code


def test_the_tree_at_the_top_of_the_module_names_every_error() -> None:
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert {name for name in kinds if name not in str(errors.__doc__)} == set()


def test_an_error_says_what_is_wrong_and_what_to_do() -> None:
    error = LakeError("no such lake", Code.LAKE_BUCKET, hint="create it")
    assert str(error) == "no such lake [INGEST-L001]\n  → create it"


def test_an_error_of_a_source_that_names_no_code_has_that_of_its_kind() -> None:
    assert str(StopError("enough")) == "enough [INGEST-S001]"
    assert (CredentialsError("no").code, TransientError("later").code) == (Code.KEY_REFUSED, Code.SOURCE_WAITS)


def test_a_config_error_has_one_line_for_each_mistake() -> None:
    unknown = Located("c.yaml", 4, 3, "unknown key", Code.CONFIG_KEY_UNKNOWN)
    error = ConfigError([unknown, Located("--set rate", 0, 0, "must be a number", Code.CONFIG_TYPE)])
    assert error.what == "c.yaml:4:3: unknown key\n--set rate: must be a number"
    assert str(error) == "c.yaml:4:3: unknown key [INGEST-C001]\n--set rate: must be a number [INGEST-C003]"
    assert (len(error.mistakes), error.code) == (2, Code.CONFIG_KEY_UNKNOWN)
