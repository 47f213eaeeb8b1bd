"""One list by a tap of singer-sdk, whose stream declares its id and lets all else through; prints its RECORD lines."""

import sys

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th


class Movies(RESTStream):
    name = "movie"
    url_base = sys.argv[1]
    path = "/movie/popular"
    records_jsonpath = "$.results[*]"
    primary_keys = ("id",)
    schema = th.PropertiesList(th.Property("id", th.IntegerType), additional_properties=True).to_dict()


class TapNasty(Tap):
    name = "tap-nasty"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Movies(self)]


TapNasty(config={}).sync_all()
