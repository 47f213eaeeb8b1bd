"""The template's role is enough, and none of its actions is too many.

Each action has a scenario that needs it: all is well under the role as the template has it, and without the action it
is not. The statements come from the translated template; signatures, rights and the bucket's policy are checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from account import PARAMETER, SECRET, Account, listed, without
from botocore.exceptions import ClientError
from ingest_source_tmdb.simulator import Simulator
from translated import Deployed

DAY = "2026-11-23"
EVENT = {"source": "tmdb", "date": DAY}
FOLDER = "Raw/TMDB/JSON/2026/11/23"
CONFIG = """\
source: tmdb
lake: s3://set-by-the-template
settings:
  base_url: {base_url}
  token: {token}
  append: [{append}]
  select:
    - ids: [{ids}]
      as: movie
"""
Scenario = Callable[[Account, str], str]


def config(base_url: str, token: str, ids: str = "1, 2, 3", append: str = "") -> str:
    return CONFIG.format(base_url=base_url, token=token, ids=ids, append=append)


def told(answer: dict[str, Any]) -> str:
    """Nothing where a run committed, else what was wrong."""
    return "" if answer["status"] == "done" and answer["manifest"] else str(answer["error"]["what"])


def a_day(account: Account, base_url: str, token: str = f"aws-ssm:{PARAMETER}") -> str:
    with account.function(config(base_url, token)) as function:
        outcome = function.invoke(EVENT)
    assert outcome.error is None, outcome.error
    return told(outcome.payload)


def a_day_with_a_secret(account: Account, base_url: str) -> str:
    return a_day(account, base_url, f"aws-sm:{SECRET}#token")


def a_day_landed_anew(account: Account, base_url: str) -> str:
    """One record is as it was, one has changed, one is gone."""
    token = f"aws-ssm:{PARAMETER}"
    with account.function(config(base_url, token)) as function:
        first = told(function.invoke(EVENT).payload)
    before = account.look()
    with account.function(config(base_url, token, ids="1, 2", append="credits")) as function:
        second = told(function.invoke({**EVENT, "refresh": True}).payload)
    after = account.look()
    assert (first, second) == ("", "")
    assert before[f"{FOLDER}/movie-1.json"] != after[f"{FOLDER}/movie-1.json"]
    left = sorted(key for key in after if key.startswith("Raw/"))
    return "" if left == [f"{FOLDER}/movie-1.json", f"{FOLDER}/movie-2.json"] else f"still there: {', '.join(left)}"


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    try:
        call(**arguments)
    except ClientError as error:
        return str(error)
    return ""


def the_log(account: Account, base_url: str) -> str:
    """What Lambda does with the function's role before and after the code runs."""
    logs, group = account.role("logs"), account.stack["FunctionLogs"]["LogGroupName"]
    return refused(logs.create_log_stream, logGroupName=group, logStreamName="one")


def a_line_of_the_log(account: Account, base_url: str) -> str:
    logs, group = account.role("logs"), account.stack["FunctionLogs"]["LogGroupName"]
    logs.create_log_stream(logGroupName=group, logStreamName="two")
    line = {"timestamp": 1_700_000_000_000, "message": "a line"}
    return refused(logs.put_log_events, logGroupName=group, logStreamName="two", logEvents=[line])


def a_failure_delivered(account: Account, base_url: str) -> str:
    """What Lambda does with an asynchronous invocation that failed."""
    queue = f"{account.endpoint}/123456789012/ingest-Undelivered"
    return refused(account.role("sqs").send_message, QueueUrl=queue, MessageBody="{}")


# The action, what needs it, and what is told without it.
NEEDED: dict[str, tuple[Scenario, str]] = {
    "s3:PutObject": (a_day, "PutObject s3://my-data-lake/_ingest/TMDB/tmdb/2026-11-23/state.json: access denied"),
    "s3:GetObject": (a_day, "GetObject s3://my-data-lake/_ingest/TMDB/tmdb/2026-11-23/state.json: access denied"),
    "s3:ListBucket": (a_day, "ListObjectsV2 s3://my-data-lake/_ingest/TMDB/tmdb: access denied"),
    "s3:DeleteObject": (a_day_landed_anew, f"still there: .*{FOLDER}/movie-3.json"),
    "ssm:GetParameter": (a_day, f"aws-ssm:{PARAMETER}: access denied: ssm:GetParameter is missing"),
    "secretsmanager:GetSecretValue": (
        a_day_with_a_secret,
        f"aws-sm:{SECRET}#token: access denied: secretsmanager:GetSecretValue is missing",
    ),
    "kms:Decrypt": (a_day, f"aws-ssm:{PARAMETER}: access denied: kms:Decrypt is missing"),
    "logs:CreateLogStream": (the_log, "not authorized to perform: logs:CreateLogStream"),
    "logs:PutLogEvents": (a_line_of_the_log, "not authorized to perform: logs:PutLogEvents"),
    "sqs:SendMessage": (a_failure_delivered, "not authorized to perform: sqs:SendMessage"),
}


def test_every_action_of_the_role_has_something_that_needs_it(stack: Deployed) -> None:
    assert {action for one in stack.statements("FunctionRole") for action in listed(one["Action"])} == set(NEEDED)


@pytest.mark.parametrize("scenario", list(dict.fromkeys(scenario for scenario, _ in NEEDED.values())))
def test_the_templates_role_is_enough_for(account: Account, simulator: Simulator, scenario: Scenario) -> None:
    account.set_up(account.stack.statements("FunctionRole"))

    assert scenario(account, simulator.base_url) == ""


@pytest.mark.parametrize("action", list(NEEDED))
def test_the_role_cannot_do_without(account: Account, simulator: Simulator, action: str) -> None:
    scenario, expected = NEEDED[action]
    account.set_up(without(account.stack.statements("FunctionRole"), action))

    said = scenario(account, simulator.base_url)

    assert re.search(expected, said), said


def test_the_role_is_enough_for_a_page_after_each_run(account: Account, simulator: Simulator) -> None:
    account.set_up(account.stack.statements("FunctionRole"))
    text = "report: true\n" + config(simulator.base_url, f"aws-ssm:{PARAMETER}")

    pages = []
    with account.function(text) as function:
        for day in ("2026-11-22", "2026-11-23"):
            assert told(function.invoke({**EVENT, "date": day}).payload) == ""
            pages.append(account.look()["_ingest/TMDB/report.html"])

    first, second = (page.decode() for page in pages)
    assert "22 November 2026</span> landed" in first
    assert "23 November 2026</span> landed" in second
    assert "Against the run of 22 November 2026" in second
    assert simulator.options.token not in first + second


def test_the_role_reaches_nothing_beside_the_lake_and_its_own_secret(account: Account) -> None:
    account.set_up(account.stack.statements("FunctionRole"))
    s3, bucket = account.role("s3"), account.stack["LakePolicy"]["Bucket"]

    assert "AccessDenied" in refused(s3.put_object, Bucket=bucket, Key="elsewhere.json", Body=b"", IfNoneMatch="*")
    assert "AccessDenied" in refused(s3.delete_object, Bucket=bucket, Key="_ingest/TMDB/tmdb/state.json")
    assert "AccessDenied" in refused(s3.delete_bucket, Bucket=bucket)
    assert "AccessDenied" in refused(account.role("ssm").get_parameter, Name="/another", WithDecryption=True)
    assert "AccessDenied" in refused(account.role("ssm").put_parameter, Name=PARAMETER, Value="x", Type="String")


def test_the_bucket_refuses_to_write_a_record_without_a_condition(account: Account) -> None:
    account.set_up([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}])
    s3, where = account.role("s3"), {"Bucket": "my-data-lake", "Key": f"{FOLDER}/movie-1.json"}

    assert "403" in refused(s3.put_object, Body=b"1", **where)
    assert refused(s3.put_object, Body=b"1", IfNoneMatch="*", **where) == ""
    assert "403" in refused(s3.put_object, Body=b"2", **where)
    assert "PreconditionFailed" in refused(s3.put_object, Body=b"2", IfNoneMatch="*", **where)
    tag = s3.get_object(**where)["ETag"]
    assert refused(s3.put_object, Body=b"2", IfMatch=tag, **where) == ""
    assert s3.get_object(**where)["Body"].read() == b"2"


def test_the_bucket_asks_no_condition_of_control_files_nor_of_the_pieces_of_an_upload(account: Account) -> None:
    account.set_up([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}])
    s3, csv = account.role("s3"), {"Bucket": "my-data-lake", "Key": "Raw/Local/CSV/Movies/2026/11/23/movies.csv"}

    assert refused(s3.put_object, Bucket="my-data-lake", Key="_ingest/TMDB/x", Body=b"1") == ""
    upload = s3.create_multipart_upload(**csv)["UploadId"]
    assert refused(s3.upload_part, UploadId=upload, PartNumber=1, Body=b"1", **csv) == ""


def test_the_bucket_refuses_whoever_comes_without_tls(account: Account) -> None:
    account.set_up([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}])
    s3, where = account.role("s3"), {"Bucket": "my-data-lake", "Key": "_ingest/TMDB/x"}
    assert refused(s3.put_object, Body=b"1", **where) == ""

    without_tls = {"X-Forwarded-Proto": "http"}
    s3.meta.events.register("before-send.s3", lambda request, **_: request.headers.update(without_tls))

    assert "403" in refused(s3.get_object, **where)
