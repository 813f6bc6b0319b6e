"""The policies of readers, and the role of batch jobs."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import boto3
import pytest

from jitprep.backfill.engines.s3_batch import BatchJobs, BatchSettings
from jitprep.backfill.job import BackfillJob
from jitprep.backfill.listing import ListedObject
from jitprep.service.s3_names import S3Prefix
from preprocessing import Pipeline
from tests.deploy import stack
from tests.deploy.calls import Call, access_point, allows, grants, of_policy, of_role
from tests.deploy.variants import VARIANTS

KEY = f"arn:aws:kms:{stack.REGION}:{stack.ACCOUNT}:key/0a1b"
VIA_S3 = {"kms:ViaService": f"s3.{stack.REGION}.amazonaws.com"}


def test_a_reader_of_a_model_reads_that_model_through_s3_alone(aws):
    outputs = stack.deploy(
        stack.expanded(FrontDoor="ObjectLambda", Models="imagenet-uint8,clip", KmsKeyArns=KEY)
    )
    via = {"aws:CalledVia": "s3-object-lambda.amazonaws.com"}
    statements = of_policy(outputs["ReaderPolicyArnclip"])
    asked = {
        Call(f"s3-object-lambda:{verb}", access_point("clip"))
        for verb in ("GetObject", "GetObjectVersion", "ListBucket")
    }
    behind = {
        Call("lambda:InvokeFunction", outputs["FunctionArn"]),
        Call("s3:GetObject", f"{stack.ORIGINALS}/object/a.jpg"),
        Call("s3:GetObjectVersion", f"{stack.ORIGINALS}/object/a.jpg"),
        Call("s3:ListBucket", stack.ORIGINALS),
        Call("kms:Decrypt", KEY),
    }
    assert all(allows(statements, call, via) for call in asked | behind)
    assert all(allows(statements, call) for call in asked)
    assert not any(allows(statements, call) for call in behind)
    assert len(grants(statements)) == len(asked | behind)
    other = Call("s3-object-lambda:GetObject", access_point("imagenet-uint8"))
    assert not allows(statements, other, via)


def test_a_reader_by_url_may_not_invoke_the_function_itself(aws):
    """Otherwise it could choose its own pipelines."""
    outputs = stack.deploy(stack.expanded(FrontDoor="FunctionUrl"))
    statements = of_policy(outputs["ReaderPolicyArn"])
    by_url = Call("lambda:InvokeFunctionUrl", outputs["FunctionArn"])
    invoke = Call("lambda:InvokeFunction", outputs["FunctionArn"])
    assert grants(statements) == {by_url, invoke}
    assert allows(statements, by_url, {"lambda:FunctionUrlAuthType": "AWS_IAM"})
    assert not allows(statements, by_url, {"lambda:FunctionUrlAuthType": "NONE"})
    assert allows(statements, invoke, {"lambda:InvokedViaFunctionUrl": "true"})
    assert not allows(statements, invoke)


@pytest.mark.parametrize("snapstart", ["yes", "no"])
def test_a_reader_by_invoke_invokes_what_the_stack_names(aws, snapstart):
    """InvokeWithResponseStream needs the same permission. With SnapStart, $LATEST would start slowly."""
    outputs = stack.deploy(stack.expanded(FrontDoor="None", SnapStart=snapstart))
    granted = grants(of_policy(outputs["ReaderPolicyArn"]))
    assert granted == {Call("lambda:InvokeFunction", outputs["FunctionArn"])}
    assert outputs["FunctionArn"].endswith(":live") == (snapstart == "yes")


def test_cloudfront_may_read_the_url_for_this_distribution_alone(aws):
    outputs = stack.deploy(stack.expanded(**VARIANTS["url-managed"]))
    policy = boto3.client("lambda").get_policy(FunctionName=outputs["FunctionName"])["Policy"]
    statements = json.loads(policy)["Statement"]
    assert {it["Action"] for it in statements} == {
        "lambda:InvokeFunctionUrl",
        "lambda:InvokeFunction",
    }
    arn = f"arn:aws:cloudfront::{stack.ACCOUNT}:distribution/{stack.DISTRIBUTION}"
    for it in statements:
        assert it["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert it["Condition"]["ArnLike"] == {"AWS:SourceArn": arn}


def test_a_batch_job_invokes_reads_its_manifest_and_reports(aws):
    outputs = stack.deploy(stack.expanded(OutputBucket="out", JobsPrefix="my-jobs"))
    statements = of_role(outputs["BatchRoleArn"])
    assert grants(statements) == {
        Call("lambda:InvokeFunction", outputs["FunctionArn"]),
        Call("s3:GetObject", "arn:aws:s3:::out/my-jobs/manifests/*"),
        Call("s3:GetObjectVersion", "arn:aws:s3:::out/my-jobs/manifests/*"),
        Call("s3:PutObject", "arn:aws:s3:::out/my-jobs/reports/*"),
        Call("s3:PutInventoryConfiguration", "arn:aws:s3:::photos"),
    }
    role = boto3.client("iam").get_role(RoleName=outputs["BatchRoleArn"].rpartition("/")[2])["Role"]
    (trusted,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"] == {"Service": "batchoperations.s3.amazonaws.com"}


@pytest.mark.parametrize("prefix", ["jobs/manifests", "jobs/"])
@pytest.mark.parametrize("name", ["OutputPrefix", "StorePrefix", "JobsPrefix"])
def test_no_prefix_of_the_function_can_contain_manifests(name, prefix):
    """Rules compare whole prefixes, which are apart if they differ and have one part each."""
    assert not re.fullmatch(stack.source()["Parameters"][name]["AllowedPattern"], prefix)


def test_a_backfill_runs_with_the_role_and_the_folders_of_the_stack(aws):
    outputs = stack.deploy(stack.expanded(OutputBucket="out"))
    statements = of_role(outputs["BatchRoleArn"])
    function = of_role(outputs["FunctionRoleArn"])
    folder = S3Prefix.from_url(outputs["JobFolder"]).folder
    settings = BatchSettings(outputs["FunctionArn"], outputs["BatchRoleArn"], folder)
    target = S3Prefix.from_url(outputs["CopyFolder"] + "/small").folder
    job = BackfillJob(S3Prefix("photos"), target, Pipeline.parse("npy"))
    s3, jobs = boto3.client("s3"), []
    for bucket in ("photos", "out"):
        s3.create_bucket(Bucket=bucket)
    control = SimpleNamespace(create_job=lambda **asked: jobs.append(asked) or {"JobId": "1"})
    batch = BatchJobs(s3, control, job, settings)
    batch.create([ListedObject("a.jpg", '"0"', 1)])
    batch.create_with_generator()
    listed, generated = jobs
    manifest = listed["Manifest"]["Location"]["ObjectArn"]
    (generator,) = generated["ManifestGenerator"].values()
    needed = {
        Call("lambda:InvokeFunction", listed["Operation"]["LambdaInvoke"]["FunctionArn"]),
        Call("s3:GetObject", manifest),
        Call("s3:PutObject", f"{listed['Report']['Bucket']}/{listed['Report']['Prefix']}/job-1/a"),
        Call("s3:PutInventoryConfiguration", generator["SourceBucket"]),
    }
    assert [call for call in needed if not allows(statements, call)] == []
    assert allows(function, Call("s3:PutObject", "arn:aws:s3:::out/derived/small/a.jpg"))
    assert not allows(function, Call("s3:PutObject", manifest))


def test_a_batch_job_uses_keys_through_s3(aws):
    outputs = stack.deploy(stack.expanded(OutputBucket="out", KmsKeyArns=KEY))
    statements = of_role(outputs["BatchRoleArn"])
    for call in (Call("kms:Decrypt", KEY), Call("kms:GenerateDataKey", KEY)):
        assert allows(statements, call, VIA_S3)
        assert not allows(statements, call)


def test_keys_are_used_through_s3_alone(aws):
    outputs = stack.deploy(stack.expanded(KmsKeyArns=KEY))
    assert not allows(of_role(outputs["FunctionRoleArn"]), Call("kms:Decrypt", KEY))
