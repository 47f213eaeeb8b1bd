"""Things by id as the partitions of a stream of singer-sdk, which retries; prints the ids of its RECORD lines."""

import io
import json
import sys
from contextlib import redirect_stdout

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th


class Things(RESTStream):
    name = "thing"
    url_base = sys.argv[1]
    path = "/thing/{thing}"
    records_jsonpath = "$"
    primary_keys = ("id",)
    partitions = tuple({"thing": str(id)} for id in range(1, int(sys.argv[2])))
    schema = th.PropertiesList(th.Property("id", th.StringType), additional_properties=True).to_dict()


class TapHostile(Tap):
    name = "tap-hostile"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Things(self)]


said = io.TextIOWrapper(io.BytesIO(), write_through=True)
try:
    with redirect_stdout(said):
        TapHostile(config={}).sync_all()
finally:
    for line in said.buffer.getvalue().decode().splitlines():
        if line.startswith('{"type":"RECORD"') or '"type": "RECORD"' in line:
            sys.stdout.write(f"{json.loads(line)['record'].get('id')}\n")
