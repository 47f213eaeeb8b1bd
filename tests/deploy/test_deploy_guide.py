"""docs/deploy.md says what the template has, and its figures are the ones that its formulas give."""

from __future__ import annotations

import re

import costs
from account import listed
from translated import ROOT, Deployed, translate

GUIDE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return GUIDE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """What the first column of the tables names in code."""
    rows = [row.split(" | ")[0] for row in text.splitlines() if row.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def test_every_parameter_is_told_with_its_default() -> None:
    told = section("The parameters")
    parameters = translate(BucketName="my-data-lake")["Parameters"]

    assert first_cells(told) == list(parameters)
    for name, parameter in parameters.items():
        default = str(parameter.get("Default", "none")) or "nothing"
        (row,) = [row for row in told.splitlines() if row.startswith(f"| `{name}` |")]
        assert row.split(" | ")[1].strip(" `|") == default, name


def test_every_resource_is_told() -> None:
    written = Deployed(AlertEmail="me@example.org").resources
    names = {"Layer" if name.startswith("Layer") else name for name in written} - {"FunctionEventInvokeConfig"}

    assert set(first_cells(section("What each part is for"))) == names


def test_every_right_is_told() -> None:
    stack = Deployed(SecretName="s", SecretKeyArn="arn:aws:kms:us-east-1:123456789012:key/k")
    actions = {action for one in stack.statements("FunctionRole") for action in listed(one["Action"])}

    assert {name for name in first_cells(section("The rights")) if ":" in name} == actions


def test_the_costs_are_what_the_formulas_give() -> None:
    assert costs.table(costs.Month()) in section("What it costs")
    assert costs.PRICES_OF in section("What it costs")


def test_a_transition_is_counted_for_each_state_that_a_round_goes_through(deployed: Deployed) -> None:
    states = deployed.definition()["States"]
    first = ["IsDateGiven", "Begin", "Run", "HowItEnded", "Done"]
    more = ["CountPartial", "IsRoundLeft", "Pause", "Run", "HowItEnded"]

    assert set(first) | set(more) <= set(states)
    assert (len(first), len(more)) == (costs.TRANSITIONS_FIRST, costs.TRANSITIONS_MORE)


def test_the_alarms_are_counted(deployed: Deployed) -> None:
    assert len(deployed.of_type("AWS::CloudWatch::Alarm")) == costs.ALARMS


def test_a_month_in_one_run_takes_a_round_for_each_860_seconds() -> None:
    taken = costs.quantities(costs.Month(runs=1), "record")

    assert taken["Lambda, arm64, a GB-second"] == 25_000
    assert taken["Lambda, a request"] == 30
    assert taken["Step Functions, a transition"] == 5 + 29 * 5


def test_each_right_has_the_test_that_the_guide_names() -> None:
    import test_role

    told = section("The rights")
    (named,) = re.findall(r'pytest "tests/deploy/test_role\.py::(\w+)\[(s3:\w+)\]"', told)

    assert callable(getattr(test_role, named[0]))
    assert named[1] in test_role.NEEDED
    for action, (_, said) in test_role.NEEDED.items():
        (row,) = [row for row in told.splitlines() if row.startswith("| ") and f"`{action}`" in row.split(" | ")[0]]
        missing = re.search(r"access denied(: [\w:]+ is missing)?", said)
        assert missing is None or missing[0] in row, action
