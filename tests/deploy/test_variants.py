"""SnapStart, Managed Instances and CloudFront in the template, and what its rules refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from jitprep.service.http import client_request, s3_reads
from tests.deploy import stack
from tests.deploy.variants import VARIANTS

SNAPPED = {"SnapStart": "yes", "OutputBucket": "out", "StoreBucket": "kept"}
LIVE = {"Ref": "LiveAlias"}
OTHER_DIGEST = stack.IMAGE.replace("ab" * 32, "cd" * 32)
# Parameters that change the function, and some that do not, each with another value than the default.
CHANGES: dict[str, Any] = {
    "ImageUri": OTHER_DIGEST,
    "Architecture": "x86_64",
    "BucketName": "other",
    "FrontDoor": "None",
    "DefaultPreset": "clip",
    "RequestOverrides": "seed",
    "HeadUnknownSizes": "yes",
    "OutputBucket": "other",
    "OutputPrefix": "other",
    "JobsPrefix": "other",
    "StoreBucket": "other",
    "StorePrefix": "other",
    "MemorySize": 3008,
    "Timeout": 30,
    "ReservedConcurrency": 7,
    "LogRetentionDays": 90,
    "MetricsNamespace": "other",
}


def _resolved(value: Any, values: Mapping[str, Any]) -> Any:
    """Return the value with each parameter in it replaced."""
    if isinstance(value, list):
        return [_resolved(one, values) for one in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": name} if name in values:
            return values[name]
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{(\w+)\}", lambda it: str(values.get(it[1], it[0])), text)
        case {"Fn::Split": [separator, text]}:
            return _resolved(text, values).split(separator)
        case {"Fn::Select": [index, parts]} if isinstance(found := _resolved(parts, values), list):
            return found[index]
        case {"Fn::Join": [separator, parts]}:
            return separator.join(str(_resolved(part, values)) for part in parts)
    return {key: _resolved(inner, values) for key, inner in value.items()}


def _versioned(**parameters: Any) -> tuple[Any, str]:
    """Return the function's configuration and the description of its version."""
    given = {"SnapStart": "yes", **parameters}
    whole = stack.of_parameters(("Function", "SnapshotVersion"), **given)
    values = {name: it.get("Default") for name, it in whole["Parameters"].items()}
    (function,) = stack.resources(whole, "AWS::Lambda::Function").values()
    (version,) = stack.resources(whole, "AWS::Lambda::Version").values()
    # Reserved concurrency belongs to the function, and to no version of it.
    function = {name: it for name, it in function.items() if name != "ReservedConcurrentExecutions"}
    return _resolved(function, values), _resolved(version["Description"], values)


@pytest.mark.parametrize("before", [{"FrontDoor": "ObjectLambda"}, SNAPPED])
def test_a_version_is_new_exactly_when_the_function_is(before: dict[str, str]) -> None:
    """Lambda refuses two versions of one function, and an old version is the old function."""
    first = _versioned(**before)
    renewed = {}
    for name, value in CHANGES.items():
        function, description = _versioned(**{**before, name: value})
        assert (function == first[0]) == (description == first[1]), name
        renewed[name] = description != first[1]
    assert renewed["ImageUri"]
    assert renewed["StorePrefix"] == (before is SNAPPED)
    assert not renewed["LogRetentionDays"]


def test_the_longest_buckets_fit_into_a_versions_description() -> None:
    longest = {
        "BucketName": "b" * 63,
        "OutputBucket": "o" * 63,
        "RequestOverrides": "pipeline,seed",
    }
    _, description = _versioned(**longest)
    assert len(description) <= 256


@pytest.mark.parametrize("door", ["ObjectLambda", "FunctionUrl", "None"])
def test_with_snapstart_every_door_reads_through_the_alias(door: str) -> None:
    whole = stack.expanded(FrontDoor=door, **SNAPPED)
    (function,) = stack.resources(whole, "AWS::Lambda::Function").values()
    assert function["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    (alias,) = stack.resources(whole, "AWS::Lambda::Alias").values()
    assert alias["FunctionVersion"] == {"Fn::GetAtt": ["SnapshotVersion", "Version"]}
    urls = stack.resources(whole, "AWS::Lambda::Url").values()
    for url in urls:  # a URL has a name and a qualifier in place of an alias's ARN
        assert url.pop("TargetFunctionArn") == {"Fn::GetAtt": ["Function", "Arn"]}
        assert url["Qualifier"] == {"Fn::Select": [7, {"Fn::Split": [":", LIVE]}]}
    assert len(urls) == (door == "FunctionUrl")
    named = [it for it in _members(whole) if it in ({"Fn::GetAtt": ["Function", "Arn"]}, LIVE)]
    assert LIVE in named
    assert all(it == LIVE for it in named)


def _members(value: Any) -> Iterator[Any]:
    yield value
    for inner in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from _members(inner)


@pytest.mark.parametrize("variant", VARIANTS)
def test_our_client_runs_where_answers_stream_or_processes_share_a_copy(variant: str) -> None:
    whole = stack.expanded(**VARIANTS[variant])
    (function,) = stack.resources(whole, "AWS::Lambda::Function").values()
    client = function["Environment"]["Variables"].get("JITPREP_RUNTIME_CLIENT")
    plain = variant in {"object-lambda", "object-lambda-all"}
    assert client == (None if plain else "jitprep")
    modes = {url["InvokeMode"] for url in stack.resources(whole, "AWS::Lambda::Url").values()}
    assert modes <= {"RESPONSE_STREAM"}


def test_without_the_new_features_a_stack_has_none_of_their_resources() -> None:
    for door in ("ObjectLambda", "FunctionUrl", "None"):
        text = json.dumps(stack.expanded(FrontDoor=door)["Resources"])
        absent = ("CloudFront", "CapacityProvider", "ScalingConfig", "SnapStart", "Alias", "STORE")
        assert [word for word in absent if word in text] == []


def test_a_managed_function_runs_on_the_capacity_that_is_made_or_given() -> None:
    for variant, arn in (
        ("url-managed", {"Fn::GetAtt": ["ManagedCapacity", "Arn"]}),
        ("object-lambda-managed", {"Ref": "CapacityProvider"}),
    ):
        whole = stack.expanded(**VARIANTS[variant])
        (function,) = stack.resources(whole, "AWS::Lambda::Function").values()
        ((_, managed),) = function["CapacityProviderConfig"].items()
        assert managed["CapacityProviderArn"] == arn
        assert function["PublishToLatestPublished"] is True
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        made = stack.resources(whole, "AWS::Lambda::CapacityProvider")
        assert len(made) == (variant == "url-managed")
        for provider in made.values():
            architectures = provider["InstanceRequirements"]["Architectures"]
            assert architectures == function["Architectures"]


def test_lambda_runs_instances_by_its_own_policy() -> None:
    whole = stack.expanded(**VARIANTS["url-managed"])
    roles = stack.resources(whole, "AWS::IAM::Role")
    assert list(roles["OperatorRole"]) == ["AssumeRolePolicyDocument", "ManagedPolicyArns"]
    (arn,) = roles["OperatorRole"]["ManagedPolicyArns"]
    assert arn["Fn::Sub"].endswith(":aws:policy/AWSLambdaManagedEC2ResourceOperator")
    given_to = [it["Roles"] for it in stack.resources(whole, "AWS::IAM::Policy").values()]
    assert {"Ref": "OperatorRole"} not in [role for roles in given_to for role in roles]


def test_every_kind_of_environment_has_a_vcpu() -> None:
    """Lambda refuses less; rules can compare text only, so each pair is tried."""
    parameters = stack.source()["Parameters"]
    for megabytes in parameters["ManagedMemorySize"]["AllowedValues"]:
        for ratio in parameters["ManagedMemoryPerVcpu"]["AllowedValues"]:
            refused = stack.refusals(
                CapacityProvider=stack.CAPACITY,
                ManagedMemorySize=megabytes,
                ManagedMemoryPerVcpu=ratio,
            )
            assert bool(refused) == (megabytes < 1024 * ratio)


@pytest.mark.parametrize(
    ("variant", "parameters", "words"),
    [
        ("url-managed", {"SnapStart": "yes"}, "SnapStart"),
        ("url-managed", {"ReservedConcurrency": 7}, "ManagedMaxEnvironments"),
        ("url-managed", {"SubnetIds": ""}, "needs SubnetIds"),
        ("url-managed", {"SecurityGroupIds": ""}, "needs SecurityGroupIds"),
        ("object-lambda-managed", {"SubnetIds": "subnet-0a"}, "SubnetIds and SecurityGroupIds"),
        ("url", {"ManagedInstanceTypes": "c8g.large"}, "ManagedInstanceTypes"),
        ("url-all", {"CloudFrontKeyGroup": ""}, "anybody could read"),
        ("url-all", {"FrontDoor": "None"}, "FrontDoor=FunctionUrl"),
        ("url-all", {"CloudFrontCertificate": ""}, "CloudFrontCertificate"),
        ("invoke", {"StorePrefix": "jobs"}, "manifests"),
        ("invoke", {"OutputPrefix": "jobs"}, "manifests"),
        ("invoke", {"StorePrefix": "derived"}, "among the copies"),
    ],
)
def test_what_does_not_go_together_is_refused(
    variant: str, parameters: dict[str, Any], words: str
) -> None:
    (refused,) = stack.refusals(**{**VARIANTS[variant], **parameters})
    assert words in refused


def test_cloudfront_caches_by_all_that_an_answer_depends_on() -> None:
    whole = stack.expanded(**VARIANTS["url-all"])
    (policy,) = stack.resources(whole, "AWS::CloudFront::CachePolicy").values()
    config = policy["CachePolicyConfig"]
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    code = "".join(Path(it.__file__).read_text() for it in (client_request, s3_reads))
    read = set(re.findall(r'"(x-(?:amz|jitprep)-[a-z-]*[a-z])"', code))
    assert set(key["HeadersConfig"]["Headers"]) == read
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    # By default CloudFront asks each time. Where the most is 0, it takes no cache key.
    assert (config["MinTTL"], config["MaxTTL"] > 0) == (0, True)
    assert stack.source()["Parameters"]["CloudFrontTtl"]["Default"] == 0


@pytest.mark.parametrize("variant", ["url-all", "url-managed"])
def test_only_signed_urls_of_this_distribution_reach_the_function(variant: str) -> None:
    whole = stack.expanded(**VARIANTS[variant])
    (distribution,) = stack.resources(whole, "AWS::CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    assert config["DefaultCacheBehavior"]["TrustedKeyGroups"] == [{"Ref": "CloudFrontKeyGroup"}]
    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "https-only"
    assert "CacheBehaviors" not in config
    certificate = config["ViewerCertificate"]
    assert certificate.get("MinimumProtocolVersion") == (
        "TLSv1.2_2021" if "CloudFrontDomain" in VARIANTS[variant] else None
    )
    (url,) = stack.resources(whole, "AWS::Lambda::Url").values()
    assert url["AuthType"] == "AWS_IAM"
    permissions = stack.resources(whole, "AWS::Lambda::Permission").values()
    assert {it["Action"] for it in permissions} == {
        "lambda:InvokeFunctionUrl",
        "lambda:InvokeFunction",
    }
    for it in permissions:
        assert it["Principal"] == "cloudfront.amazonaws.com"
        assert it["SourceArn"]["Fn::Sub"].endswith(":distribution/${Distribution}")
        assert it.get("FunctionUrlAuthType") == "AWS_IAM" or it["InvokedViaFunctionUrl"] is True
