"""The function's role may do what its doors do, and nothing else.

Their calls are taken from the requests that the handler makes in the environment of the template.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core import set_initial_no_auth_action_count

from handler.doors.object_lambda import GET_OBJECT
from jitprep.service.aws import write_get_object_response
from jitprep.service.config import config
from jitprep.service.messages import ListingName, ObjectName, Presigned, Response
from jitprep.service.results import spill, stored_copies
from jitprep.service.results.copy_bucket import CopyBucket
from jitprep.service.source import bucket_source, signing
from jitprep.service.source.hosts import ParsedUrl
from tests.deploy import stack
from tests.deploy.calls import (
    Call,
    access_point,
    allows,
    answered,
    grants,
    of_request,
    of_role,
    sent,
)
from tests.deploy.conftest import account, as_function
from tests.deploy.variants import VARIANTS

KEY = f"arn:aws:kms:{stack.REGION}:{stack.ACCOUNT}:key/0a1b"
VIA_S3 = {"kms:ViaService": f"s3.{stack.REGION}.amazonaws.com"}
LOG = f"arn:aws:logs:{stack.REGION}:{stack.ACCOUNT}:log-group:/aws/lambda/{stack.NAME}:log-stream:s"
# The key of a kept result, below the store's prefix.
KEPT = "0123456789/rest"
OL = {"FrontDoor": "ObjectLambda"}


def logging() -> set[Call]:
    """The calls that Lambda makes for every function with its role."""
    return {Call("logs:CreateLogStream", LOG), Call("logs:PutLogEvents", LOG)}


def answering() -> set[Call]:
    event = {"getObjectContext": {"outputRoute": "io-cell", "outputToken": "token"}}
    there, region = write_get_object_response.located("io-cell")
    assert there.host == f"io-cell.s3-object-lambda.{stack.REGION}.amazonaws.com"
    with answered() as (url, found), pytest.MonkeyPatch.context() as patch:
        here = ParsedUrl.of(f"{url}{there.target}")
        patch.setattr(write_get_object_response, "located", lambda _: (here, region))
        GET_OBJECT.reply(event, Response(200, b"tensor"))
    return found


def measuring() -> set[Call]:
    host = f"https://{stack.NAME}-originals-{stack.ACCOUNT}.s3-accesspoint.{stack.REGION}.amazonaws.com"
    heads = (
        Presigned(f"{host}/a.jpg?X-Amz-Signature=1{version}") for version in ("", "&versionId=v")
    )
    return {of_request("GET", signing.readable(head).url) for head in heads}


def reading() -> set[Call]:
    return {
        of_request(
            method, bucket_source.resolve(ObjectName("photos", "a.jpg", version), method).url
        )
        for method in ("GET", "HEAD")
        for version in (None, "v")
    }


def listing() -> set[Call]:
    return {
        of_request("GET", bucket_source.signed_listing(ListingName("photos", {"prefix": "a/"})).url)
    }


def spilling() -> set[Call]:
    def work() -> None:
        response = spill.fit_body(Response(200, b"too much"), 1)
        found.add(of_request("GET", response.headers["Location"]))

    found: set[Call] = set()
    return sent(work) | found


def storing() -> set[Call]:
    def work() -> None:
        output = config().outputs[0]
        place = {"Bucket": output.bucket, "Key": f"{output.prefix}new.jpg"}
        derived = Response(200, b"tensor", {"Content-Type": "image/png"})
        assert stored_copies._find(place, "new.jpg") is None
        assert stored_copies._put(place, "new.jpg", None, derived)

    # S3 answers 404 for a missing copy only if the caller may list the bucket.
    return sent(work) | {Call("s3:ListBucket", f"arn:aws:s3:::{config().outputs[0].bucket}")}


def keeping() -> set[Call]:
    place = config().policy.store
    assert place is not None
    with answered() as (url, found):
        store = CopyBucket(replace(place, endpoint=url))
        assert store.read(KEPT.replace("/", "")) is None
        store.write(KEPT.replace("/", ""), b"head", b"tensor")
    # S3 answers 404 for a missing result only if the caller may list the bucket.
    return found | {Call("s3:ListBucket", f"arn:aws:s3:::{place.url.host}")}


def decrypting() -> set[Call]:
    return {Call("kms:Decrypt", KEY)}


def encrypting() -> set[Call]:
    return {Call("kms:GenerateDataKey", KEY)}


ALL = {"OutputBucket": "out", "KmsKeyArns": KEY, "StoreBucket": "kept"}
OTHER = (logging, reading, listing, spilling)
CASES: dict[str, tuple[Mapping[str, str], tuple[Callable[[], set[Call]], ...]]] = {
    "Object Lambda": (OL, (logging, answering)),
    "Object Lambda, keys": ({**OL, "KmsKeyArns": KEY}, (logging, answering)),
    "Object Lambda, HEAD": ({**OL, "HeadUnknownSizes": "yes"}, (logging, answering, measuring)),
    "Object Lambda, batch": (
        {**OL, "OutputBucket": "out"},
        (logging, answering, reading, storing),
    ),
    "Object Lambda, store": ({**OL, "StoreBucket": "kept"}, (logging, answering, keeping)),
    "Object Lambda, all": (
        {**OL, **ALL, "HeadUnknownSizes": "yes", "SnapStart": "yes"},
        (logging, answering, measuring, reading, storing, keeping, decrypting, encrypting),
    ),
    "Function URL": ({"FrontDoor": "FunctionUrl"}, OTHER),
    "Function URL, keys": (
        {"FrontDoor": "FunctionUrl", "KmsKeyArns": KEY},
        (*OTHER, decrypting),
    ),
    "Function URL, store, keys, CloudFront": (
        {**VARIANTS["url-managed"], "StoreBucket": "kept", "KmsKeyArns": KEY},
        (*OTHER, keeping, decrypting, encrypting),
    ),
    "Invoke": ({"FrontDoor": "None"}, OTHER),
    "Invoke, batch": ({"FrontDoor": "None", "OutputBucket": "out"}, (*OTHER, storing)),
    "Invoke, all": (
        {"FrontDoor": "None", **ALL},
        (*OTHER, storing, keeping, decrypting, encrypting),
    ),
}


@pytest.fixture(params=CASES, scope="module")
def case(request: Any) -> Iterator[tuple[dict[str, Any], set[Call]]]:
    """The outputs of a deployed stack, and the calls of its doors."""
    parameters, doors = CASES[request.param]
    with account():
        outputs = stack.deploy(stack.expanded(**parameters))
        _fill()
        with as_function(outputs):
            yield outputs, set(itertools.chain.from_iterable(door() for door in doors))


def _fill() -> None:
    client = boto3.client("s3")
    for name in ("photos", "out", "other", "kept"):
        client.create_bucket(Bucket=name)
        for key in ("a.jpg", "derived/a.jpg", f"results/{KEPT}"):
            client.put_object(Bucket=name, Key=key, Body=b"bytes")


def test_the_role_may_do_what_the_doors_do(case):
    outputs, calls = case
    statements = of_role(outputs["FunctionRoleArn"])
    assert [call for call in calls if not allows(statements, call, VIA_S3)] == []


def test_and_is_granted_nothing_that_they_do_not_do(case):
    outputs, calls = case
    granted = grants(of_role(outputs["FunctionRoleArn"]))
    needed = {
        grant
        for grant in granted
        for call in calls
        if allows([{"Effect": "Allow", "Action": grant.action, "Resource": grant.resource}], call)
    }
    assert granted - needed == set()


def test_the_role_may_do_nothing_near_it(case):
    outputs, calls = case
    statements = of_role(outputs["FunctionRoleArn"])
    verbs = ("PutObject", "DeleteObject", "GetObjectAcl", "PutObjectAcl", "GetObject", "ListBucket")
    places = (
        "photos/a.jpg",
        "photos",
        "out/a.jpg",
        "out",
        "other/a.jpg",
        "other",
        "out/derived2/a",
        "kept/a.jpg",
        "kept",
    )
    near = {Call(f"s3:{verb}", f"arn:aws:s3:::{place}") for verb in verbs for place in places}
    near |= {
        Call("s3-object-lambda:WriteGetObjectResponse", access_point("of-another-stack")),
        Call("s3:PutObject", f"{stack.ORIGINALS}/object/a.jpg"),
        Call("s3:GetObject", f"{stack.ORIGINALS}2/object/a.jpg"),
        Call("logs:PutLogEvents", LOG.replace(stack.NAME, "another")),
        Call("logs:CreateLogGroup", LOG),
        Call("s3:DeleteObject", "arn:aws:s3:::out/derived/a.jpg"),
        Call("kms:Decrypt", KEY[:-1]),
        Call("iam:PassRole", outputs["FunctionRoleArn"]),
        Call("lambda:InvokeFunction", outputs["FunctionArn"]),
    }
    assert [call for call in near - calls if allows(statements, call, VIA_S3)] == []


def test_moto_lets_the_role_do_the_same(case):
    """The same calls by boto3 with the role's credentials, judged by moto."""
    outputs, calls = case
    client = _client_of(outputs["FunctionRoleArn"])
    for call in calls:
        if call.resource.startswith("arn:aws:s3:::"):
            assert _may(client, call), call
    for verb in ("GetObject", "PutObject", "DeleteObject", "ListBucket"):
        for place in ("other/a.jpg", "out/a.jpg", "photos/a.jpg", "kept/a.jpg"):
            name = place.partition("/")[0] if verb == "ListBucket" else place
            call = Call(f"s3:{verb}", f"arn:aws:s3:::{name}")
            assert _may(client, call) == (call in calls), call


def _client_of(role: str) -> Any:
    found = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="function")["Credentials"]
    return boto3.client(
        "s3",
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )


@set_initial_no_auth_action_count(0)
def _may(client: Any, call: Call) -> bool:
    bucket, _, key = call.resource.removeprefix("arn:aws:s3:::").partition("/")
    place = {"Bucket": bucket, "Key": key}
    try:
        match call.action:
            case "s3:GetObject":
                client.get_object(**place)
                client.head_object(**place)
            case "s3:GetObjectVersion":
                client.get_object(**place, VersionId="null")
            case "s3:PutObject":
                client.put_object(**place, Body=b"bytes")
            case "s3:DeleteObject":
                client.delete_object(**place)
            case "s3:ListBucket":
                client.list_objects_v2(Bucket=bucket)
            case _:
                raise AssertionError(call)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True
