"""The template's access points, created at the local endpoint and read through."""

from __future__ import annotations

import json
from typing import Any

import pytest

from preprocessing import Pipeline
from tests.deploy import stack
from tests.photos import photo

MODELS = ["imagenet-uint8", "clip", "grayscale-224"]
KEY = "chelsea.jpg"


@pytest.fixture(scope="module")
def local(object_lambda_endpoint: Any) -> Any:
    """An endpoint that runs our handler, and a photograph in the bucket of originals."""
    started = object_lambda_endpoint(task_root=stack.PATH.parents[1], workers=1)
    s3 = started.client("s3")
    s3.create_bucket(Bucket=stack.REQUIRED["BucketName"])
    s3.put_object(Bucket=stack.REQUIRED["BucketName"], Key=KEY, Body=photo("chelsea"))
    return started


@pytest.fixture(scope="module")
def aliases(local: Any) -> dict[str, str]:
    """The aliases of the access points of each model."""
    whole = stack.expanded(FrontDoor="ObjectLambda", Models=",".join(MODELS))
    control, settings = local.client("s3control"), local.endpoint.config
    (originals,) = stack.resources(whole, "AWS::S3::AccessPoint").values()
    supporting = control.create_access_point(
        AccountId=settings.account,
        **_resolved(
            originals, {"AWS::StackName": stack.NAME, "BucketName": stack.REQUIRED["BucketName"]}
        ),
    )
    names = {
        "AWS::StackName": stack.NAME,
        "Originals.Arn": supporting["AccessPointArn"],
        "Function.Arn": settings.function_arn(settings.function_name),
    }
    made = {}
    points = stack.resources(whole, "AWS::S3ObjectLambda::AccessPoint").values()
    for model, point in zip(MODELS, points, strict=True):
        it = _resolved(point, names)
        created = control.create_access_point_for_object_lambda(
            AccountId=settings.account,
            Name=it["Name"],
            Configuration=it["ObjectLambdaConfiguration"],
        )
        made[model] = created["Alias"]["Value"]
    return made


def _resolved(value: Any, names: dict[str, str]) -> Any:
    """Replace Ref, Fn::GetAtt and Fn::Sub with names."""
    if isinstance(value, list):
        return [_resolved(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": name}:
            return names[name]
        case {"Fn::GetAtt": parts}:
            return names[".".join(parts)]
        case {"Fn::Sub": text}:
            for name, replacement in names.items():
                text = text.replace(f"${{{name}}}", replacement)
            return text
    return {key: _resolved(inner, names) for key, inner in value.items()}


@pytest.mark.parametrize("model", MODELS)
def test_each_reads_its_own_model(local: Any, aliases: dict[str, str], model: str) -> None:
    read = local.client("s3").get_object(Bucket=aliases[model], Key=KEY)
    pipeline = Pipeline.parse(stack.PRESETS["presets"][model])
    assert read["Metadata"]["jitprep-pipeline"] == str(pipeline)
    assert read["Body"].read() == bytes(pipeline.encode(photo("chelsea")).body)


@pytest.mark.parametrize("model", ["imagenet-uint8", "clip"])
def test_sizes_ranges_and_listings_are_allowed(
    local: Any, aliases: dict[str, str], model: str
) -> None:
    s3, place = local.client("s3"), {"Bucket": aliases[model], "Key": KEY}
    size = s3.head_object(**place)["ContentLength"]
    part = s3.get_object(**place, Range="bytes=0-5")
    assert (part["Body"].read(), part["ContentRange"]) == (b"\x93NUMPY", f"bytes 0-5/{size}")
    assert s3.get_object(**place, PartNumber=1)["PartsCount"] == 1
    for listing in (s3.list_objects, s3.list_objects_v2):
        (listed,) = listing(Bucket=place["Bucket"])["Contents"]
        assert listed["Size"] == size


def test_the_payload_is_what_the_template_says(local: Any, aliases: dict[str, str]) -> None:
    settings = local.endpoint.config
    found = local.client("s3control").get_access_point_configuration_for_object_lambda(
        AccountId=settings.account, Name=f"{stack.NAME}-clip"
    )
    (made,) = found["Configuration"]["TransformationConfigurations"]
    payload = made["ContentTransformation"]["AwsLambda"]["FunctionPayload"]
    assert json.loads(payload) == {"pipeline": "clip"}
