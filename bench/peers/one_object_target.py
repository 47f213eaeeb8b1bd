"""A target of singer-sdk that puts one object a record: python one_object_target.py BUCKET"""

import sys

import boto3
from singer_sdk import typing as th
from singer_sdk.singerlib.json import serialize_json
from singer_sdk.sinks import RecordSink
from singer_sdk.target_base import Target

bucket = sys.argv[1]
client = boto3.client("s3")


class OneObject(RecordSink):
    def process_record(self, record, context):
        key = f"Raw/{self.stream_name}-{record['id']}.json"
        client.put_object(Bucket=bucket, Key=key, Body=serialize_json(record))


class TargetObjects(Target):
    name = "target-objects"
    config_jsonschema = th.PropertiesList().to_dict()
    default_sink_class = OneObject


TargetObjects(config={}).listen()
