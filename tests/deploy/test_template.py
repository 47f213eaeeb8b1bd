"""What deploy/template.yaml makes, asked of the resources that CloudFormation gets."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import cfnlint.api as cfnlint
import pytest
from translated import ROOT, TEMPLATE, Deployed, translate

from ingest_core.cli.prune import LIFECYCLE_DAYS
from ingest_core.config import build_config, logical_date, open_document
from ingest_core.lambda_handler import Metrics, parse_event
from ingest_core.model import Counts, Report, Status
from ingest_core.plugins import load_plugins
from ingest_core.upkeep import lifecycle_rules

WRITING = ["s3:PutObject", "s3:GetObject", "s3:ListBucket", "s3:DeleteObject"]


def lint(template: str) -> list[str]:
    """What cfn-lint says of a template's text."""
    found = cfnlint.lint(template, config=cfnlint.ManualArgs(regions=["us-east-1"]))
    return [f"{match.rule.id} line {match.linenumber}: {match.message}" for match in found]


def test_cfn_lint_has_nothing_to_say_about_the_template() -> None:
    assert lint(TEMPLATE.read_text()) == []


def lint_translated(text: str, definition: dict[str, Any]) -> list[str]:
    """What cfn-lint says of what SAM's transform makes of a template, with the workflow's definition in it."""
    template = translate(text, BucketName="my-data-lake")
    workflow = template["Resources"]["Workflow"]["Properties"]
    del workflow["DefinitionS3Location"], workflow["DefinitionSubstitutions"]
    # As text: only then does the linter read it.
    workflow["DefinitionString"] = json.dumps(definition)
    return lint(json.dumps(template))


def test_cfn_lint_has_nothing_to_say_about_what_sams_transform_makes_of_it(deployed: Deployed) -> None:
    assert lint_translated(TEMPLATE.read_text(), deployed.definition()) == []


def test_a_reference_to_nothing_is_noticed_in_what_the_transform_makes(deployed: Deployed) -> None:
    slipped = TEMPLATE.read_text().replace("!GetAtt FunctionRole.Arn", "!GetAtt FunctionRule.Arn")

    # Neither cfn-lint nor `sam validate --lint` sees it in the template itself: hence both are linted.
    assert lint(slipped) == []
    (told,) = lint_translated(slipped, deployed.definition())
    assert "'FunctionRule' is not one of" in told


def test_a_slip_in_the_workflow_is_noticed(deployed: Deployed) -> None:
    definition = deployed.definition()
    definition["States"]["Run"]["TimeoutSecond"] = definition["States"]["Run"].pop("TimeoutSeconds")

    assert any("'TimeoutSecond' was unexpected" in told for told in lint_translated(TEMPLATE.read_text(), definition))


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("MemorySize: !Ref", "MemorySise: !Ref", "did you mean 'MemorySize'"),
        ("VersioningConfiguration:", "VersioningConfigurations:", "did you mean 'VersioningConfiguration'"),
        ("ScheduleExpressionTimezone:", "ScheduleTimezone:", "'ScheduleTimezone' was unexpected"),
    ],
)
def test_the_lint_notices_a_slip_of_the_pen(right: str, wrong: str, told: str) -> None:
    text = TEMPLATE.read_text()
    assert right in text

    found = lint(text.replace(right, wrong))

    assert any(told.lower() in one.lower() for one in found), found


def test_the_bucket_is_private_versioned_encrypted_and_outlives_the_stack(deployed: Deployed) -> None:
    lake = deployed["Lake"]

    assert set(lake["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(lake["PublicAccessBlockConfiguration"]) == 4
    assert lake["VersioningConfiguration"] == {"Status": "Enabled"}
    assert lake["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert deployed.resources["Lake"]["DeletionPolicy"] == "Retain"
    assert deployed.resources["Lake"]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("prefix", ["", "team/"])
def test_records_of_tmdb_go_after_180_days_and_control_files_as_prune_says(prefix: str) -> None:
    rules = {rule["Id"]: rule for rule in Deployed(LakePrefix=prefix)["Lake"]["LifecycleConfiguration"]["Rules"]}
    (printed,) = lifecycle_rules(prefix, LIFECYCLE_DAYS)["Rules"]

    assert rules["tmdb-six-months"]["Prefix"] == f"{prefix}Raw/TMDB/"
    assert rules["tmdb-six-months"]["ExpirationInDays"] == 180
    assert rules[printed["ID"]] == {
        "Id": printed["ID"],
        "Status": printed["Status"],
        "Prefix": printed["Filter"]["Prefix"],
        "ExpirationInDays": printed["Expiration"]["Days"],
        "NoncurrentVersionExpiration": printed["NoncurrentVersionExpiration"],
    }


def test_the_function_is_the_generic_handler_with_the_layer_and_all_the_time_there_is(deployed: Deployed) -> None:
    function = deployed["Function"]
    (layer,) = deployed.of_type("AWS::Lambda::LayerVersion").values()

    assert function["Handler"] == "ingest_core.lambda_handler.handler"
    assert (function["Timeout"], function["MemorySize"], function["ReservedConcurrentExecutions"]) == (900, 1024, 2)
    assert function["Architectures"] == layer["CompatibleArchitectures"] == ["arm64"]
    assert [function["Runtime"]] == layer["CompatibleRuntimes"]
    assert len(function["Layers"]) == 1
    assert function["Environment"]["Variables"] == {"INGEST_LAKE": "s3://my-data-lake/"}


def test_the_layer_is_the_file_that_the_build_names(deployed: Deployed) -> None:
    from staging import Target

    (uri,) = [line.split(": ")[1] for line in TEMPLATE.read_text().splitlines() if "ContentUri:" in line]

    assert uri == f"../layer/dist/{Target('3.13', 'arm64').file}"


def test_a_new_account_can_go_without_reserved_concurrency() -> None:
    assert "ReservedConcurrentExecutions" not in Deployed(ReservedConcurrency=-1)["Function"]


def test_the_functions_package_holds_configs_and_nothing_else_and_they_are_right() -> None:
    package = ROOT / "deploy" / "function"
    stamps = set(package.glob("config/*.stamp.json"))  # what `ingest check --stamp` leaves beside a config
    files = [path for path in package.rglob("*") if path.is_file() and path not in stamps]

    assert files
    assert all(path.parent == package / "config" and path.suffix == ".yaml" for path in files)
    for path in files:
        document = open_document(path, {("lake",): ("INGEST_LAKE", "s3://my-data-lake/")})
        source = load_plugins().find(document.value["source"])
        assert build_config(document, path.stem, source, lambda _: "").lake.startswith("s3://my-data-lake")


def test_the_parameter_that_the_role_may_read_is_the_one_that_the_config_names(deployed: Deployed) -> None:
    config = (ROOT / "deploy" / "function" / "config" / "tmdb.yaml").read_text()
    (statement,) = [one for one in deployed.statements("FunctionRole") if one["Action"] == "ssm:GetParameter"]

    name = statement["Resource"].partition(":parameter")[2]
    assert f"token: aws-ssm:{name} " in config


def test_no_statement_of_any_role_speaks_of_everything() -> None:
    whole = Deployed(SecretName="tmdb", SecretKeyArn="arn:aws:kms:us-east-1:123456789012:key/abc")
    for role in whole.of_type("AWS::IAM::Role"):
        for statement in whole.statements(role):
            actions, resources = (
                one if isinstance(one, list) else [one] for one in (statement["Action"], statement["Resource"])
            )
            assert not [action for action in actions if "*" in action], role
            assert "*" not in resources, role


def test_what_is_not_asked_for_is_not_allowed() -> None:
    least = Deployed(RemoveSuperseded="false", SsmParameterName="")
    actions = {action for one in least.statements("FunctionRole") for action in _listed(one["Action"])}

    assert {action for action in actions if action.partition(":")[0] in {"s3", "ssm", "secretsmanager", "kms"}} == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:ListBucket",
    }


@pytest.mark.parametrize("prefix", ["", "team/"])
def test_the_role_reaches_the_lakes_own_folders_alone(prefix: str) -> None:
    stack = Deployed(LakePrefix=prefix)
    resources = {
        one["Sid"]: one["Resource"]
        for one in stack.statements("FunctionRole")
        if set(_listed(one["Action"])) & set(WRITING)
    }

    assert resources == {
        "ReadAndWrite": [f"arn:aws:s3:::my-data-lake/{prefix}Raw/*", f"arn:aws:s3:::my-data-lake/{prefix}_ingest/*"],
        "List": "arn:aws:s3:::my-data-lake",
        "RemoveSuperseded": f"arn:aws:s3:::my-data-lake/{prefix}Raw/*",
    }
    assert stack["Function"]["Environment"]["Variables"]["INGEST_LAKE"] == f"s3://my-data-lake/{prefix}"


@pytest.mark.parametrize("planned", ["2026-11-23T02:30:00Z"])
def test_the_schedules_input_is_an_event_of_the_handler_whose_date_is_the_one_it_was_planned_for(
    deployed: Deployed, planned: str
) -> None:
    target = deployed["Schedule"]["Target"]

    event = parse_event(json.loads(target["Input"].replace("<aws.scheduler.scheduled-time>", planned)))

    assert "<aws.scheduler.scheduled-time>" in target["Input"]
    assert event.source == "tmdb"
    sao_paulo = dt.timezone(dt.timedelta(hours=-3))
    assert logical_date(event.date, sao_paulo, dt.datetime.now(dt.UTC)) == dt.date(2026, 11, 22)
    assert target["Arn"].endswith(":stateMachine:ingest")


def test_the_schedule_tries_again_and_what_it_cannot_deliver_is_kept(deployed: Deployed) -> None:
    target = deployed["Schedule"]["Target"]
    rights = deployed.statements("ScheduleRole")

    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    assert [(one["Action"], one["Resource"]) for one in rights] == [
        ("states:StartExecution", target["Arn"]),
        ("sqs:SendMessage", target["DeadLetterConfig"]["Arn"]),
    ]


def test_the_workflow_may_invoke_the_function_and_nothing_else(deployed: Deployed) -> None:
    (right,) = deployed.statements("WorkflowRole")
    task = deployed.definition()["States"]["Run"]

    assert deployed["Workflow"]["StateMachineType"] == "STANDARD"
    assert (right["Action"], right["Resource"]) == ("lambda:InvokeFunction", task["Parameters"]["FunctionName"])
    assert task["Parameters"]["FunctionName"].endswith(":function:ingest")
    assert task["Resource"] == "arn:aws:states:::lambda:invoke"
    assert task["TimeoutSeconds"] > deployed["Function"]["Timeout"]


def test_in_steps_the_workflow_may_also_read_what_there_is_to_land_and_run_its_own_map() -> None:
    deployed = Deployed(Steps="true")
    invoke, read, start, follow = deployed.statements("WorkflowRole")
    lake, prefix = deployed["LakePolicy"]["Bucket"], "arn:aws:states:us-east-1:123456789012"

    assert invoke["Action"] == "lambda:InvokeFunction"
    assert (read["Action"], read["Resource"]) == ("s3:GetObject", f"arn:aws:s3:::{lake}/_ingest/*/map-*.json")
    assert (start["Action"], start["Resource"]) == ("states:StartExecution", f"{prefix}:stateMachine:ingest")
    assert follow["Resource"] == f"{prefix}:execution:ingest/{deployed.definition()['States']['Land']['Label']}:*"
    assert json.loads(deployed["Schedule"]["Target"]["Input"])["step"] == "plan"


def test_whoever_invokes_the_function_asynchronously_finds_what_failed_in_the_queue(deployed: Deployed) -> None:
    destination = deployed["FunctionEventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"]

    assert destination in {one["Resource"] for one in deployed.statements("FunctionRole") if "sqs" in one["Action"]}


def test_an_execution_that_does_not_end_well_is_told(deployed: Deployed) -> None:
    rule = deployed["RunFailed"]
    (target,) = rule["Targets"]
    (right,) = publishers(deployed, "events.amazonaws.com")

    assert rule["EventPattern"]["detail"]["stateMachineArn"] == [deployed["Schedule"]["Target"]["Arn"]]
    assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert target["Arn"] == right["Resource"]
    assert "Condition" not in right


def test_every_alarm_tells_the_topic(deployed: Deployed) -> None:
    alarms = deployed.of_type("AWS::CloudWatch::Alarm")
    (right,) = publishers(deployed, "cloudwatch.amazonaws.com")

    assert set(alarms) == {"NoManifest", "FunctionErrors", "FunctionThrottles", "SomethingUndelivered"}
    assert all(alarm["AlarmActions"] == [right["Resource"]] for alarm in alarms.values())


def test_somebody_is_told_by_email_where_an_address_is_given(deployed: Deployed) -> None:
    assert deployed.of_type("AWS::SNS::Subscription") == {}
    (subscription,) = Deployed(AlertEmail="me@example.org").of_type("AWS::SNS::Subscription").values()
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "me@example.org")


@pytest.mark.parametrize(("manifest", "committed"), [("_ingest/TMDB/tmdb/2026-11-23/g1/manifest.json", 1), (None, 0)])
def test_the_alarm_about_the_manifest_reads_a_metric_that_the_handlers_line_gives(
    deployed: Deployed, capsys: pytest.CaptureFixture[str], manifest: str | None, committed: int
) -> None:
    Metrics().ingest_run_finished(report(manifest))
    line = json.loads(capsys.readouterr().out)

    (told,) = line["_aws"]["CloudWatchMetrics"]
    metric = deployed["NoManifest"]["Metrics"][0]["MetricStat"]["Metric"]
    assert metric["Namespace"] == told["Namespace"]
    assert {"Name": metric["MetricName"]} in told["Metrics"]
    assert [[one["Name"] for one in metric["Dimensions"]]] == told["Dimensions"]
    assert {one["Name"]: one["Value"] for one in metric["Dimensions"]} == {"source": line["source"]}
    assert line[metric["MetricName"]] == committed


def test_the_alarm_about_the_manifest_counts_an_hour_without_a_line_as_one_without_a_commit() -> None:
    alarm = Deployed(ManifestWithinHours=30)["NoManifest"]

    assert alarm["Metrics"][1]["Expression"] == "FILL(told, 0)"
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (30, 30)
    # CloudWatch's limits: a week for periods of an hour, and the parameter's own maximum keeps to it.
    assert translate(BucketName="b-1")["Parameters"]["ManifestWithinHours"]["MaxValue"] * 3600 <= 604_800


def test_the_functions_log_is_kept_as_long_as_was_said() -> None:
    stack = Deployed(LogRetentionDays=7)

    assert stack["FunctionLogs"]["RetentionInDays"] == 7
    assert stack["Function"]["LoggingConfig"] == {
        "LogGroup": stack["FunctionLogs"]["LogGroupName"],
        "LogFormat": "JSON",
    }


def report(manifest: str | None) -> Report:
    return Report(
        status=Status.DONE,
        config="tmdb",
        source="tmdb",
        label="TMDB",
        date=dt.date(2026, 11, 23),
        run="tmdb/2026-11-23/g1",
        lake="s3://my-data-lake",
        prefix="Raw/TMDB/JSON/2026/11/23/",
        counts=Counts(),
        seconds=1.0,
        manifest=manifest,
    )


def publishers(stack: Deployed, service: str) -> list[dict[str, Any]]:
    """The statements by which a service may publish to the topic."""
    statements = stack["AlertsPolicy"]["PolicyDocument"]["Statement"]
    return [one for one in statements if one["Principal"] == {"Service": service}]


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
