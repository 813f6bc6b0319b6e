"""The stack deployed into moto, as far as moto supports it."""

from __future__ import annotations

import json

import boto3
import pytest
from moto.cloudformation.parsing import get_model_map

from jitprep.service.config import config
from jitprep.service.s3_names import S3Prefix
from tests.deploy import stack
from tests.deploy.conftest import as_function
from tests.deploy.variants import VARIANTS

ALL = {
    "OutputBucket": "out",
    "OutputPrefix": "a/b",
    "KmsKeyArns": f"arn:aws:kms:{stack.REGION}:{stack.ACCOUNT}:key/0a",
    "RequestOverrides": "pipeline,seed",
    "DefaultPreset": "clip",
    "ReservedConcurrency": 7,
    "StoreBucket": "kept",
}


def test_what_moto_does_not_make() -> None:
    kinds = {
        it["Type"]
        for parameters in VARIANTS.values()
        for it in stack.expanded(**parameters)["Resources"].values()
    }
    kinds |= {it["Type"] for it in stack.source(stack.ECS)["Resources"].values()}
    assert kinds - get_model_map().keys() == stack.BEYOND_MOTO


@pytest.mark.usefixtures("aws")
def test_the_function_runs_the_image_as_asked() -> None:
    outputs = stack.deploy(stack.expanded(**ALL, Architecture="x86_64", MemorySize=3008))
    found = boto3.client("lambda").get_function(FunctionName=outputs["FunctionName"])
    assert found["Code"]["ImageUri"] == stack.IMAGE
    made = found["Configuration"]
    assert made["Architectures"] == ["x86_64"]
    assert (made["MemorySize"], made["Timeout"]) == (3008, 60)
    assert made["Role"] == outputs["FunctionRoleArn"]
    assert found["Concurrency"] == {"ReservedConcurrentExecutions": 7}


@pytest.mark.usefixtures("aws")
def test_a_stack_with_snapstart_has_published_a_version() -> None:
    outputs = stack.deploy(stack.expanded(SnapStart="yes"))
    name, _, alias = outputs["FunctionName"].partition(":")
    versions = boto3.client("lambda").list_versions_by_function(FunctionName=name)["Versions"]
    assert ([it["Version"] for it in versions], alias) == (["$LATEST", "1"], "live")


@pytest.mark.usefixtures("aws")
def test_by_default_no_concurrency_is_reserved() -> None:
    outputs = stack.deploy(stack.expanded())
    assert "Concurrency" not in boto3.client("lambda").get_function(
        FunctionName=outputs["FunctionName"]
    )


@pytest.mark.usefixtures("aws")
def test_its_environment_is_what_the_handler_reads() -> None:
    with as_function(outputs := stack.deploy(stack.expanded(FrontDoor="None", **ALL))):
        found = config()
    assert found.buckets == {"photos": "photos"}
    assert found.outputs == (S3Prefix("out", "a/b/"),)
    assert found.policy.store is not None
    assert found.policy.store.url.path_of("a") == "results/a"
    assert found.spill == S3Prefix(outputs["SpillBucketName"])
    assert found.policy.overrides == {"pipeline", "seed"}
    assert found.default_preset == "clip"


@pytest.mark.usefixtures("aws")
def test_behind_object_lambda_it_has_no_bucket_of_its_own() -> None:
    with as_function(outputs := stack.deploy(stack.expanded(FrontDoor="ObjectLambda"))):
        found = config()
    assert (found.buckets, found.outputs, found.spill) == ({}, (), None)
    assert found.policy.overrides == frozenset()
    assert "SpillBucketName" not in outputs


@pytest.mark.usefixtures("aws")
def test_logs_are_kept_as_long_as_asked() -> None:
    outputs = stack.deploy(stack.expanded(LogRetentionDays=90))
    (group,) = boto3.client("logs").describe_log_groups()["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == (outputs["LogGroupName"], 90)


@pytest.mark.usefixtures("aws")
def test_large_answers_lie_where_nobody_else_comes_and_are_forgotten() -> None:
    whole = stack.expanded()
    bucket = stack.deploy(whole)["SpillBucketName"]
    encrypted = boto3.client("s3").get_bucket_encryption(Bucket=bucket)
    (rule,) = encrypted["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    # Properties that moto's CloudFormation ignores.
    (made,) = stack.resources(whole, "AWS::S3::Bucket").values()
    assert set(made["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(made["PublicAccessBlockConfiguration"]) == 4
    (rule,) = made["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 1)
    (policy,) = stack.resources(whole, "AWS::S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.usefixtures("aws")
def test_the_dashboard_is_of_this_function() -> None:
    outputs = stack.deploy(stack.expanded(MetricsNamespace="ml/photos"))
    found = boto3.client("cloudwatch").get_dashboard(DashboardName=outputs["DashboardName"])
    body = json.dumps(json.loads(found["DashboardBody"]))
    assert outputs["FunctionName"] in body
    assert "ml/photos" in body
    assert "${" not in body


@pytest.mark.usefixtures("aws")
def test_nothing_is_left_behind() -> None:
    stack.deploy(stack.expanded(FrontDoor="FunctionUrl", **ALL))
    boto3.client("cloudformation").delete_stack(StackName=stack.NAME)
    assert boto3.client("lambda").list_functions()["Functions"] == []
    assert boto3.client("s3").list_buckets()["Buckets"] == []
    assert boto3.client("logs").describe_log_groups()["logGroups"] == []
    assert boto3.client("iam").list_roles()["Roles"] == []
    assert boto3.client("cloudwatch").list_dashboards()["DashboardEntries"] == []
