"""Reads through an access point by ordinary clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.config import Config

KEYS = ["plain.txt", "a b/ü+&=?.txt", "folder//double", "dots/../up.txt", "percent%20sign"]


@pytest.mark.parametrize("key", KEYS)
def test_any_key_read_by_alias_comes_transformed(reader, local, key):
    # Without a proxy: for a proxy, boto3 removes dots from the path that it has signed.
    s3 = local.client("s3", Config(proxies={}))
    s3.put_object(Bucket="texts", Key=key, Body=key.encode())
    answer = s3.get_object(Bucket=reader.alias("upper"), Key=key)
    assert answer["Body"].read() == key.encode().upper()


def test_the_headers_that_the_function_writes_reach_the_client(reader):
    answer = reader.get("upper")
    assert answer["ContentType"] == "text/plain"
    assert answer["ETag"] == '"derived"'
    assert answer["CacheControl"] == "max-age=60"
    assert answer["ContentLength"] == 5
    assert answer["Metadata"]["process"].isdigit()
    assert answer["ResponseMetadata"]["RequestId"]


def arn_of(alias, local):
    points = local.client("s3control").list_access_points_for_object_lambda(
        AccountId="123456789012"
    )["ObjectLambdaAccessPointList"]
    return next(p["ObjectLambdaAccessPointArn"] for p in points if p["Alias"]["Value"] == alias)


def test_the_arn_works_with_the_endpoint_as_proxy(reader, local):
    arn = arn_of(reader.alias("upper"), local)
    assert reader.s3.get_object(Bucket=arn, Key="greeting.txt")["Body"].read() == b"HELLO"


def test_the_alias_works_as_a_host_name(reader, signed):
    request = signed("/greeting.txt", host=f"{reader.alias('upper')}.s3.example.com")
    with urllib.request.urlopen(request) as response:
        assert response.read() == b"HELLO"


def test_a_presigned_url_of_the_access_point_works(reader):
    url = reader.s3.generate_presigned_url(
        "get_object", Params={"Bucket": reader.alias("upper"), "Key": "greeting.txt"}
    )
    with urllib.request.urlopen(url) as response:
        assert response.read() == b"HELLO"


@pytest.mark.parametrize("by_arn", [False, True], ids=["alias", "arn"])
def test_the_aws_command_line_needs_only_its_environment(reader, local, tmp_path, by_arn):
    alias = reader.alias("upper")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": local.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        **({"HTTP_PROXY": local.url} if by_arn else {}),
    }
    out = tmp_path / "out.txt"
    aws = [sys.executable, Path(sys.executable).with_name("aws"), "s3api", "get-object"]
    bucket = arn_of(alias, local) if by_arn else alias
    command = [*aws, "--bucket", bucket, "--key", "greeting.txt", out]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ETag"] == '"derived"'
    assert out.read_bytes() == b"HELLO"


def test_s3_answers_actions_that_the_configuration_does_not_list(reader):
    alias = reader.alias("upper")
    assert reader.s3.head_object(Bucket=alias, Key="greeting.txt")["ContentLength"] == 5
    assert reader.s3.get_object_tagging(Bucket=alias, Key="greeting.txt")["TagSet"] == []
    listed = reader.s3.list_objects_v2(Bucket=alias, Prefix="greet")["Contents"]
    assert [(o["Key"], o["Size"]) for o in listed] == [("greeting.txt", 5)]
    assert reader.s3.list_objects(Bucket=alias, Prefix="greet")["Contents"][0]["Size"] == 5
    only_head = reader.alias("upper", actions=("HeadObject",))
    assert reader.s3.get_object(Bucket=only_head, Key="greeting.txt")["Body"].read() == b"hello"


def test_head_of_a_missing_key_is_404(reader, expect_error):
    with expect_error("404", 404):
        reader.s3.head_object(Bucket=reader.alias("upper"), Key="missing")


def test_unknown_aliases_and_arns_are_reported_missing(reader, expect_error):
    for bucket in (
        "nobody-made-this--ol-s3",
        "arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint/nobody",
    ):
        with expect_error("NoSuchBucket", 404):
            reader.s3.get_object(Bucket=bucket, Key="greeting.txt")


def test_a_function_that_does_not_run_here_is_not_found(reader, expect_error):
    arn = "arn:aws:lambda:us-east-1:123456789012:function:elsewhere"
    alias = reader.alias("upper", function=arn)
    with expect_error("LambdaNotFound", 404) as message:
        reader.s3.get_object(Bucket=alias, Key="greeting.txt")
    assert "preprocess" in message()


def test_a_hundred_readers_at_once_all_get_their_own(reader):
    keys = [f"many/{number}" for number in range(100)]
    for key in keys:
        reader.s3.put_object(Bucket="texts", Key=key, Body=f"text {key}".encode())
    reader.alias("upper")
    with ThreadPoolExecutor(100) as pool:
        bodies = list(pool.map(lambda key: reader.body("upper", key), keys))
    assert bodies == [f"TEXT {key}".upper().encode() for key in keys]
