"""Configs: YAML with positions, JSON Schema, secrets by reference."""

from ingest_core.config.dates import logical_date
from ingest_core.config.document import Document, Path_
from ingest_core.config.load import (
    build_config,
    config_folder,
    find_config,
    open_document,
    parse_override,
    source_named_in,
)
from ingest_core.config.mistakes import did_you_mean
from ingest_core.config.model import Config
from ingest_core.config.schema import config_schema
from ingest_core.config.secrets import SecretResolver

__all__ = [
    "Config",
    "Document",
    "Path_",
    "SecretResolver",
    "build_config",
    "config_folder",
    "config_schema",
    "did_you_mean",
    "find_config",
    "logical_date",
    "open_document",
    "parse_override",
    "source_named_in",
]
