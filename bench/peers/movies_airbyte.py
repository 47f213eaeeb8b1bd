"""Movies by id through Airbyte's CDK: a declarative source, and a destination that puts one object a record.

python movies_airbyte.py read IDS_FILE CONNECTIONS | python movies_airbyte.py write BUCKET
"""

import json
import os
import sys
from pathlib import Path

TOKEN, URL, APPEND = (os.environ[name] for name in ("TMDB_TOKEN", "TMDB_URL", "TMDB_APPEND"))


def read(ids_file, connections):
    from airbyte_cdk.entrypoint import launch
    from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
    from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

    Path("config.json").write_text("{}")
    Path("catalog.json").write_text(json.dumps(CATALOG))
    source = ConcurrentDeclarativeSource(
        catalog=ConfiguredAirbyteCatalogSerializer.load(CATALOG),
        config={},
        state=None,
        source_config=manifest(Path(ids_file).read_text().split(), int(connections)),
    )
    launch(source, ["read", "--config", "config.json", "--catalog", "catalog.json"])


def manifest(ids, connections):
    requester = {
        "type": "HttpRequester",
        "url_base": URL,
        "path": "/movie/{{ stream_partition.movie }}",
        "authenticator": {"type": "BearerAuthenticator", "api_token": TOKEN},
        "request_parameters": {"append_to_response": APPEND},
    }
    stream = {
        "type": "DeclarativeStream",
        "name": "movie",
        "primary_key": ["id"],
        "schema_loader": {"type": "InlineSchemaLoader", "schema": SCHEMA},
        "retriever": {
            "type": "SimpleRetriever",
            "requester": requester,
            "record_selector": {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": []}},
            "partition_router": {"type": "ListPartitionRouter", "values": ids, "cursor_field": "movie"},
        },
    }
    return {
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["movie"]},
        "streams": [stream],
        "concurrency_level": {
            "type": "ConcurrencyLevel",
            "default_concurrency": connections,
            "max_concurrency": connections,
        },
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
    }


def write(bucket):
    import boto3
    from airbyte_cdk.destinations import Destination
    from airbyte_cdk.models import AirbyteConnectionStatus, ConnectorSpecification, Status, Type

    client = boto3.client("s3")

    class OneObject(Destination):
        def spec(self, *args, **kwargs):
            return ConnectorSpecification(connectionSpecification={"type": "object"})

        def check(self, logger, config):
            return AirbyteConnectionStatus(status=Status.SUCCEEDED)

        def write(self, config, configured_catalog, input_messages):
            for message in input_messages:
                if message.type == Type.RECORD:
                    record = message.record
                    key = f"Raw/{record.stream}-{record.data['id']}.json"
                    client.put_object(Bucket=bucket, Key=key, Body=json.dumps(record.data))
                elif message.type == Type.STATE:
                    yield message

    folder = Path("destination")
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "catalog.json").write_text(json.dumps(CATALOG))
    OneObject().run(["write", "--config", str(folder / "config.json"), "--catalog", str(folder / "catalog.json")])


SCHEMA = {"type": "object", "properties": {"id": {"type": "integer"}}, "additionalProperties": True}
CATALOG = {
    "streams": [
        {
            "stream": {
                "name": "movie",
                "json_schema": SCHEMA,
                "supported_sync_modes": ["full_refresh"],
                "source_defined_primary_key": [["id"]],
            },
            "sync_mode": "full_refresh",
            "destination_sync_mode": "append",
        }
    ]
}


if __name__ == "__main__":
    {"read": read, "write": write}[sys.argv[1]](*sys.argv[2:])
