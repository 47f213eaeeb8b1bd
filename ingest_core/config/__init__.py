"""Configs: YAML with positions, JSON Schema, secrets by reference."""

from ingest_core.config.dates import logical_date
from ingest_core.config.document import Document
from ingest_core.config.durations import duration
from ingest_core.config.load import (
    ENDINGS,
    build_config,
    checked_name,
    config_folder,
    config_names,
    document_of,
    effective,
    find_config,
    frozen_keys,
    is_stamped,
    open_document,
    override,
    parse_override,
    source_named_in,
    stamp_config,
    unknown_source,
)
from ingest_core.config.mistakes import did_you_mean
from ingest_core.config.model import Config
from ingest_core.config.places import Path_
from ingest_core.config.schema import config_schema
from ingest_core.config.secrets import SecretResolver

__all__ = [
    "ENDINGS",
    "Config",
    "Document",
    "Path_",
    "SecretResolver",
    "build_config",
    "checked_name",
    "config_folder",
    "config_names",
    "config_schema",
    "did_you_mean",
    "document_of",
    "duration",
    "effective",
    "find_config",
    "frozen_keys",
    "is_stamped",
    "logical_date",
    "open_document",
    "override",
    "parse_override",
    "source_named_in",
    "stamp_config",
    "unknown_source",
]
