"""Movies by id as the partitions of a stream of singer-sdk; it declares their id and lets all else through.

python movies_tap.py IDS_FILE | python one_object_target.py BUCKET
"""

import os
import sys
from pathlib import Path

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator


class Movies(RESTStream):
    name = "movie"
    url_base = os.environ["TMDB_URL"]
    path = "/movie/{movie}"
    records_jsonpath = "$"
    primary_keys = ("id",)
    partitions = tuple({"movie": id} for id in Path(sys.argv[1]).read_text().split())
    schema = th.PropertiesList(th.Property("id", th.IntegerType), additional_properties=True).to_dict()

    @property
    def authenticator(self):
        return BearerTokenAuthenticator(token=os.environ["TMDB_TOKEN"])

    def get_url_params(self, context, next_page_token):
        return {"append_to_response": os.environ["TMDB_APPEND"]}

    def post_process(self, row, context=None):
        return row


class TapMovies(Tap):
    name = "tap-movies"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Movies(self)]


TapMovies(config={}).sync_all()
