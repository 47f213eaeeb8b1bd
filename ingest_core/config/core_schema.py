"""The keys of a config that every source has, as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DURATION = "duration"
SIZE_PATTERN = "^[1-9][0-9]{0,6}(KB|MB)$"
_FOLDER = {
    "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
    "patternErrorMessage": "must be a folder's name: letters, digits, '_' and '-' alone",
}

CORE: Mapping[str, Any] = {
    "source": {"type": "string", "description": "The installed plugin that reads the API."},
    "lake": {
        "type": "string",
        "minLength": 1,
        "description": "Where records land: s3://bucket[/prefix], or a folder. --lake and INGEST_LAKE override it.",
        "examples": ["s3://my-data-lake", "lake"],
    },
    "answers": {
        "type": ["string", "null"],
        "minLength": 1,
        "description": "A folder of recorded answers, asked instead of the API, relative to this file: for trying "
        "things out. `ingest record` makes one.",
        "examples": ["../answers"],
    },
    "timezone": {
        "type": "string",
        "default": "UTC",
        "description": "Whose day the date in the keys is, as an IANA name.",
        "examples": ["America/Sao_Paulo"],
    },
    "rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 10000,
        "default": 10,
        "description": "Requests per second at most, over all workers.",
        "examples": [40],
    },
    "connections": {
        "type": "integer",
        "minimum": 1,
        "maximum": 256,
        "default": 10,
        "description": "Requests under way at the same time, at most.",
        "examples": [20],
    },
    "workers": {
        "type": "integer",
        "minimum": 1,
        "maximum": 256,
        "default": 1,
        "description": "How many processes land slices at the same time, at most, or invocations where a state machine "
        "runs the steps. They share rate and connections.",
        "examples": [4],
    },
    "timeout": {
        "type": "string",
        "format": DURATION,
        "default": "2m",
        "description": "The whole life of one request, retries and back-off included.",
        "examples": ["90s", "2m"],
    },
    "max_failed": {
        "type": ["integer", "string"],
        "minimum": 0,
        "pattern": "^(100|[0-9]{1,2}(\\.[0-9]+)?)%$",
        "patternErrorMessage": "must be a count, or a share in percent",
        "default": 0,
        "description": "How many records may be rejected and the run still commits: a count, or a share such as 1%.",
        "examples": ["1%", 10],
    },
    "layout": {
        "type": ["string", "object"],
        "pattern": "^(record|batch)$",
        "patternErrorMessage": "must be record or batch",
        "additionalProperties": False,
        "required": ["batch"],
        "default": "record",
        "description": "One object for each record, or files of many records, one compact record a line.",
        "examples": ["record", {"batch": {"records": 100, "bytes": "10MB"}}],
        "properties": {
            "batch": {
                "type": "object",
                "additionalProperties": False,
                "description": "Files of at most so many records and bytes; a file holds one stream.",
                "examples": [{"records": 100, "bytes": "10MB"}],
                "properties": {
                    "records": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": 100_000,
                        "default": 100,
                        "description": "Records in a file, at most.",
                        "examples": [100],
                    },
                    "bytes": {
                        "type": "string",
                        "pattern": SIZE_PATTERN,
                        "patternErrorMessage": "must be a whole number of KB or MB",
                        "default": "10MB",
                        "description": "Bytes in a file, at most; 1MB is 1,000,000.",
                        "examples": ["10MB", "500KB"],
                    },
                    "as": {
                        "enum": ["lines", "array"],
                        "default": "lines",
                        "description": "One record a line, as Athena, Spark and DuckDB read it; or a JSON array.",
                        "examples": ["lines"],
                    },
                    "gzip": {
                        "type": "boolean",
                        "default": False,
                        "description": "Pack the files: they end in .json.gz, and `bytes` bounds what is in them.",
                        "examples": [True],
                    },
                },
            }
        },
    },
    "margin": {
        "type": "string",
        "format": DURATION,
        "default": "30s",
        "description": "Where a run has a time limit: how long before it nothing begins; more if slices are slow.",
        "examples": ["30s", "2m"],
    },
    "report": {
        "type": "boolean",
        "default": False,
        "description": "Whether each run leaves its picture, an HTML page, at _ingest/<Label>/report.html in the lake.",
        "examples": [True],
    },
    "specification": {
        "type": ["string", "object"],
        **_FOLDER,
        "additionalProperties": {"type": "string", **_FOLDER, "examples": ["Movies"]},
        "description": "The folder before the date: one for all records, or one for each stream.",
        "examples": [{"movie": "Movies", "tv": "Series"}],
    },
    "s3": {
        "type": "object",
        "additionalProperties": False,
        "description": "Options of an S3 lake; what is left out is AWS's own configuration.",
        "examples": [{"region": "sa-east-1"}],
        "properties": {
            "region": {"type": "string", "description": "The bucket's region.", "examples": ["sa-east-1"]},
            "profile": {"type": "string", "description": "A profile of the AWS CLI.", "examples": ["data"]},
            "kms_key": {
                "type": "string",
                "description": "Key id or ARN: objects are encrypted with SSE-KMS.",
                "examples": ["alias/data-lake"],
            },
            "bucket_owner": {
                "type": "string",
                "pattern": "^[0-9]{12}$",
                "patternErrorMessage": "must be the twelve digits of an account, in quotes",
                "description": "The account that must own the bucket (quoted: it is text).",
                "examples": ["123456789012"],
            },
        },
    },
    "network": {
        "type": "object",
        "additionalProperties": False,
        "description": "How requests leave. Left out: straight to public addresses, certificates checked by certifi's.",
        "examples": [{"proxy": "environment"}, {"ca_bundle": "/etc/ssl/certs/corporate.pem"}],
        "properties": {
            "proxy": {
                "type": "string",
                "pattern": "^(environment|https?://[A-Za-z0-9.:_\\[\\]-]+/?)$",
                "patternErrorMessage": "must be a proxy's URL without a user name, or the word environment",
                "description": "A proxy's URL, or 'environment': HTTPS_PROXY and NO_PROXY. No user name belongs in it.",
                "examples": ["http://proxy.example.org:3128", "environment"],
            },
            "ca_bundle": {
                "type": "string",
                "minLength": 1,
                "description": "A file of certificates to trust in place of certifi's.",
                "examples": ["/etc/ssl/certs/corporate.pem"],
            },
            "private": {
                "type": "boolean",
                "default": False,
                "description": "Whether the API may be at a private address, such as 10.0.0.7.",
                "examples": [True],
            },
        },
    },
}
