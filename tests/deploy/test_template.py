"""The template for every door: lint, and agreement with the rest of the repository."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint

from jitprep.service import s3_names
from jitprep.service.config import OVERRIDES
from tests.deploy import stack
from tests.deploy.variants import VARIANTS

# The metrics that the handler writes, and their dimensions.
OURS = {
    *("Requests", "ClientErrors", "ServerErrors", "BytesIn", "BytesOut", "ColdStarts"),
    *("FetchTime", "TransformTime", "ReplyTime", "TotalTime"),
}
LAMBDAS = {"Errors", "Throttles", "ConcurrentExecutions", "Duration"}
S3S = {"AllRequests", "4xxErrors", "5xxErrors"}
BY = {
    "jitprep": ({"FunctionName"}, {"FunctionName", "Door"}, {"FunctionName", "ErrorCode"}),
    "AWS/Lambda": ({"FunctionName"},),
    "AWS/S3ObjectLambda": ({"AccessPointName", "DataSourceARN"},),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_kind_of_stack_is_clean(variant: str) -> None:
    """Conditions are evaluated, so that nothing refers to a missing resource."""
    assert stack.refusals(**VARIANTS[variant]) == []
    whole = stack.expanded(**VARIANTS[variant])
    whole["Parameters"]["ReservedConcurrency"].pop("MinValue")  # -1, which a condition excluded
    for section in (
        "Rules",
        "Metadata",
    ):  # conditions of the source, and what cfn-lint may overlook
        del whole[section]
    unused = "W2001"  # parameters that other stacks use
    settings = ManualArgs(regions=[stack.REGION], ignore_checks=[unused])
    assert [str(match) for match in lint(json.dumps(whole), config=settings)] == []


def test_lint_would_notice() -> None:
    whole = stack.expanded()
    del whole["Resources"]["Role"]
    found = lint(json.dumps(whole), config=ManualArgs(regions=[stack.REGION]))
    assert any(match.rule.id.startswith("E") for match in found)


def test_the_command_line_takes_it_whole() -> None:
    """`aws cloudformation deploy` needs a bucket for larger templates."""
    assert len(stack.PATH.read_bytes()) <= 51_200


def test_parameters_take_what_the_function_takes() -> None:
    parameters = stack.source()["Parameters"]
    for name in ("Models", "DefaultPreset"):
        assert parameters[name]["Default"] == stack.PRESETS["default"]
        pattern = parameters[name]["AllowedPattern"]
        assert all(re.fullmatch(pattern, preset) for preset in stack.PRESETS["presets"])
    chosen = {
        frozenset(filter(None, text.split(",")))
        for text in parameters["RequestOverrides"]["AllowedValues"]
    }
    assert chosen == {
        frozenset(some) for n in range(3) for some in itertools.combinations(OVERRIDES, n)
    }
    assert re.fullmatch(parameters["ImageUri"]["AllowedPattern"], stack.IMAGE)
    assert not re.fullmatch(parameters["ImageUri"]["AllowedPattern"], f"{stack.IMAGE[:-72]}:latest")
    for name in ("BucketName", "OutputBucket"):
        pattern = parameters[name]["AllowedPattern"]
        for bucket in ("a.b", "photos-2", "A", "ab*", "a/b", "ab"):
            assert bool(re.fullmatch(pattern, bucket)) == bool(
                s3_names.BUCKET_NAME.fullmatch(bucket)
            )


def test_each_model_has_its_access_point() -> None:
    models = list(stack.PRESETS["presets"])
    points = stack.resources(
        stack.expanded(FrontDoor="ObjectLambda", Models=",".join(models)),
        "AWS::S3ObjectLambda::AccessPoint",
    )
    assert len(points) == len(models)
    for model, point in zip(models, points.values(), strict=True):
        assert point["Name"] == {"Fn::Sub": f"${{AWS::StackName}}-{model}"}
        configuration = point["ObjectLambdaConfiguration"]
        assert len(configuration["AllowedFeatures"]) == 4
        (made,) = configuration["TransformationConfigurations"]
        assert len(made["Actions"]) == 4
        payload = made["ContentTransformation"]["AwsLambda"]["FunctionPayload"]
        assert json.loads(payload) == {"pipeline": model}


@pytest.mark.parametrize("door", ["FunctionUrl", "None"])
def test_other_doors_have_none(door: str) -> None:
    kinds = {it["Type"] for it in stack.expanded(FrontDoor=door)["Resources"].values()}
    assert not any("AccessPoint" in kind for kind in kinds)
    assert ("AWS::Lambda::Url" in kinds) == (door == "FunctionUrl")


def test_alarms_watch_metrics_that_exist() -> None:
    alarms = stack.resources(stack.expanded(), "AWS::CloudWatch::Alarm")
    watched = {tuple(sorted(_watched(alarm))) for alarm in alarms.values()}
    assert watched == {
        (("AWS/Lambda", "Errors"),),
        (("AWS/Lambda", "Throttles"),),
        (("jitprep", "ClientErrors"), ("jitprep", "Requests")),
        (("jitprep", "Requests"), ("jitprep", "ServerErrors")),
    }
    assert all(alarm["TreatMissingData"] == "notBreaching" for alarm in alarms.values())


def _watched(alarm: dict[str, Any]) -> Iterator[tuple[str, str]]:
    metrics = [it["MetricStat"]["Metric"] for it in alarm.get("Metrics", []) if "MetricStat" in it]
    for metric in metrics or [alarm]:
        assert [it["Name"] for it in metric["Dimensions"]] == ["FunctionName"]
        space = metric["Namespace"]
        yield "jitprep" if space == {"Ref": "MetricsNamespace"} else space, metric["MetricName"]


def test_the_dashboard_shows_metrics_that_exist() -> None:
    (dashboard,) = stack.resources(stack.expanded(), "AWS::CloudWatch::Dashboard").values()
    text = dashboard["DashboardBody"]["Fn::Sub"].replace("${MetricsNamespace}", "jitprep")
    known = {"jitprep": OURS, "AWS/Lambda": LAMBDAS, "AWS/S3ObjectLambda": S3S}
    shown: dict[str, set[str]] = {space: set() for space in known}
    for widget in json.loads(text)["widgets"]:
        for space, names, dimensions in _shown(widget["properties"]["metrics"]):
            assert dimensions in BY[space], widget["properties"]["title"]
            shown[space] |= names
    assert shown == known


def _shown(metrics: list[list[Any]]) -> Iterator[tuple[str, set[str], set[str]]]:
    """Return namespace, name and dimensions of each metric; a dot repeats the line above."""
    above: list[Any] = []
    for given in metrics:
        *fields, options = given if isinstance(given[-1], dict) else [*given, {}]
        if search := re.match(
            r"SEARCH\('\{\"?([^,\"]+)\"?,([^}]+)\} (.*)'", options.get("expression", "")
        ):
            space, dimensions, terms = search.groups()
            names = re.search(r"MetricName=(.+)", terms)
            assert names
            yield space, set(re.findall(r'"(\w+)"', names[1])), set(dimensions.split(","))
        if fields:
            above = [
                old if new == "." else new
                for new, old in zip(fields, above or fields, strict=False)
            ]
            yield above[0], {above[1]}, set(above[2::2])


def test_sizes_of_windows_do_not_overlap() -> None:
    (dashboard,) = stack.resources(stack.expanded(), "AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]
    places = [
        (it["x"] + i, it["y"] + j)
        for it in widgets
        for i in range(it["width"])
        for j in range(it["height"])
    ]
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24
