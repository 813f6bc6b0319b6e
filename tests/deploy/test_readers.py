"""The policies of readers, and the role of batch jobs."""

from __future__ import annotations

import boto3

from tests.deploy import stack
from tests.deploy.calls import Call, access_point, allows, grants, of_policy, of_role

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


def test_a_reader_by_invoke_invokes(aws):
    outputs = stack.deploy(stack.expanded(FrontDoor="None"))
    granted = grants(of_policy(outputs["ReaderPolicyArn"]))
    assert granted == {Call("lambda:InvokeFunction", outputs["FunctionArn"])}


def test_a_batch_job_invokes_reads_its_manifest_and_reports(aws):
    outputs = stack.deploy(stack.expanded(OutputBucket="out", JobsPrefix="my/jobs"))
    statements = of_role(outputs["BatchRoleArn"])
    assert grants(statements) == {
        Call("lambda:InvokeFunction", outputs["FunctionArn"]),
        Call("s3:GetObject", "arn:aws:s3:::out/my/jobs/manifests/*"),
        Call("s3:GetObjectVersion", "arn:aws:s3:::out/my/jobs/manifests/*"),
        Call("s3:PutObject", "arn:aws:s3:::out/my/jobs/reports/*"),
    }
    role = boto3.client("iam").get_role(RoleName=outputs["BatchRoleArn"].rpartition("/")[2])["Role"]
    (trusted,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"] == {"Service": "batchoperations.s3.amazonaws.com"}


def test_a_batch_job_uses_keys_through_s3(aws):
    outputs = stack.deploy(stack.expanded(OutputBucket="out", KmsKeyArns=KEY))
    statements = of_role(outputs["BatchRoleArn"])
    for call in (Call("kms:Decrypt", KEY), Call("kms:GenerateDataKey", KEY)):
        assert allows(statements, call, VIA_S3)
        assert not allows(statements, call)


def test_keys_are_used_through_s3_alone(aws):
    outputs = stack.deploy(stack.expanded(KmsKeyArns=KEY))
    assert not allows(of_role(outputs["FunctionRoleArn"]), Call("kms:Decrypt", KEY))
