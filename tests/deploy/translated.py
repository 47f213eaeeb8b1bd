"""The deployed resources as CloudFormation gets them: deploy/template.yaml through SAM's own transform, then resolved.

`sam deploy` uploads what lies beside the template and puts its address in its place; here the address is made up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "deploy" / "template.yaml"
STATE_MACHINE = ROOT / "deploy" / "statemachine.asl.json"
ACCOUNT, REGION = "123456789012", "us-east-1"
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "ingest",
}
_NOTHING = object()
# What AWS answers for Ref and GetAtt of each kind of resource here; {name} is its physical name.
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{name}}",
    "AWS::Lambda::LayerVersion": f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{{name}}:1",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{name}}:*",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{name}}",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{{name}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{name}}",
    "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{{name}}",
    "AWS::Events::Rule": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{{name}}",
}
_NAMES = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
_REF_IS_AN_ARN = {"AWS::StepFunctions::StateMachine", "AWS::SNS::Topic", "AWS::Lambda::LayerVersion"}


def translate(text: str | None = None, **parameters: Any) -> dict[str, Any]:
    """The template, or `text` in its place, after SAM's transform; its intrinsic functions are still in it."""
    fragment = yaml_parse(text or TEMPLATE.read_text(encoding="utf-8"))
    for name in ("Layer", "Function", "Workflow"):
        uploaded = fragment["Resources"][name]["Properties"]
        key = next(key for key in ("ContentUri", "CodeUri", "DefinitionUri") if key in uploaded)
        uploaded[key] = f"s3://artifacts/{name}"
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION))
    translated = translator.translate(fragment, parameter_values=dict(parameters))
    plain: dict[str, Any] = json.loads(json.dumps(translated))
    return plain


class Deployed:
    """The stack's resources, resolved for one set of parameters."""

    def __init__(self, **parameters: Any) -> None:
        given = {"BucketName": "my-data-lake", **parameters}
        self._template = translate(**given)
        defaults = {name: told["Default"] for name, told in self._template["Parameters"].items() if "Default" in told}
        self._parameters: Mapping[str, Any] = {**defaults, **given}
        raw = self._template["Resources"]
        self.resources: dict[str, dict[str, Any]] = {
            name: self._resolved(resource)
            for name, resource in raw.items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }

    def __getitem__(self, name: str) -> dict[str, Any]:
        """The properties of a resource."""
        properties: dict[str, Any] = self.resources[name]["Properties"]
        return properties

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        return {name: one["Properties"] for name, one in self.resources.items() if one["Type"] == kind}

    def statements(self, role: str) -> list[dict[str, Any]]:
        """Every statement of a role's own policies."""
        return [one for policy in self[role]["Policies"] for one in policy["PolicyDocument"]["Statement"]]

    def definition(self) -> dict[str, Any]:
        """The workflow's definition with its substitutions, as Step Functions gets it."""
        text = STATE_MACHINE.read_text(encoding="utf-8")
        for name, value in self["Workflow"]["DefinitionSubstitutions"].items():
            text = text.replace(f"${{{name}}}", value)
        definition: dict[str, Any] = json.loads(text)
        return definition

    def _holds(self, name: str) -> bool:
        return bool(self._resolved(self._template["Conditions"][name]))

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, list):
            return [found for one in value if (found := self._resolved(one)) is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), *_ = value.items()
            if function in {"Ref", "Condition"} or function.startswith("Fn::"):
                return self._called(function, argument)
        found = {key: self._resolved(one) for key, one in value.items()}
        return {key: one for key, one in found.items() if one is not _NOTHING}

    def _called(self, function: str, argument: Any) -> Any:
        match function:
            case "Ref":
                return self._ref(argument)
            case "Condition":
                return self._holds(argument) if isinstance(argument, str) else {"Condition": self._resolved(argument)}
            case "Fn::GetAtt":
                name, attribute = argument if isinstance(argument, list) else argument.split(".")
                return self._attribute(name, attribute)
            case "Fn::Sub":
                return re.sub(r"\$\{([^}]+)\}", lambda found: str(self._named(found[1])), argument)
            case "Fn::If":
                return self._resolved(argument[1 if self._holds(argument[0]) else 2])
            case "Fn::Equals":
                left, right = map(self._resolved, argument)
                return str(left) == str(right)
            case "Fn::Not":
                return not self._resolved(argument[0])
        raise NotImplementedError(function)

    def _named(self, name: str) -> Any:
        resource, _, attribute = name.partition(".")
        return self._attribute(resource, attribute) if attribute else self._ref(name)

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self._parameters:
            return self._parameters[name]
        kind = self._template["Resources"][name]["Type"]
        return self._attribute(name, "Arn") if kind in _REF_IS_AN_ARN else self._physical(name)

    def _attribute(self, name: str, attribute: str) -> str:
        kind = self._template["Resources"][name]["Type"]
        if attribute == "QueueName":
            return self._physical(name)
        assert attribute == "Arn", (name, attribute)
        return _ARNS[kind].format(name=self._physical(name))

    def _physical(self, name: str) -> str:
        resource = self._template["Resources"][name]
        given = resource.get("Properties", {}).get(_NAMES.get(resource["Type"], ""))
        return str(self._resolved(given)) if given is not None else f"ingest-{name}"
