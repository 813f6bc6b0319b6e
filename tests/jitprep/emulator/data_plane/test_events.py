"""The event has AWS's fields, and its URL can be used."""

from __future__ import annotations

import http.client
import json
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def event_of(reader, **parameters):
    return json.loads(reader.body("echo_event", **parameters))


def shape(value):
    return {name: shape(inner) for name, inner in value.items()} if isinstance(value, dict) else ""


def test_the_event_has_the_fields_that_aws_sends(reader):
    event = event_of(reader)
    event["userRequest"]["headers"] = "any"
    assert shape(event) == shape(
        {
            "xAmzRequestId": "",
            "getObjectContext": {"inputS3Url": "", "outputRoute": "", "outputToken": ""},
            "configuration": {"accessPointArn": "", "supportingAccessPointArn": "", "payload": ""},
            "userRequest": {"url": "", "headers": ""},
            "userIdentity": {
                "type": "",
                "principalId": "",
                "arn": "",
                "accountId": "",
                "accessKeyId": "",
                "userName": "",
            },
            "protocolVersion": "",
        }
    )
    assert event["protocolVersion"] == "1.00"
    assert event["userIdentity"]["accessKeyId"] == "test"


def test_signed_headers_are_those_of_the_get_object(reader):
    event = event_of(reader, RequestPayer="requester", ExpectedBucketOwner="123456789012")
    query = parse_qs(urlsplit(event["getObjectContext"]["inputS3Url"]).query)
    assert query["X-Amz-SignedHeaders"] == [
        "host;x-amz-checksum-mode;x-amz-expected-bucket-owner;x-amz-request-payer"
    ]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]


def test_the_version_is_part_of_the_presigned_url(reader):
    reader.s3.create_bucket(Bucket="versions")
    reader.s3.put_bucket_versioning(
        Bucket="versions", VersioningConfiguration={"Status": "Enabled"}
    )
    first = reader.s3.put_object(Bucket="versions", Key="k", Body=b"first")["VersionId"]
    reader.s3.put_object(Bucket="versions", Key="k", Body=b"second")
    alias = reader.local.create_access_point("versions", "versions", payload="upper")
    assert reader.s3.get_object(Bucket=alias, Key="k")["Body"].read() == b"SECOND"
    old = reader.s3.get_object(Bucket=alias, Key="k", VersionId=first)
    assert old["Body"].read() == b"FIRST"


@pytest.mark.parametrize("presigned", [True, False])
def test_no_credentials_of_the_client_reach_the_function(reader, local, presigned):
    alias = reader.alias("echo_event")
    if presigned:
        request = AWSRequest("GET", f"{local.url}/{alias}/greeting.txt?seed=7%2F8")
        S3SigV4QueryAuth(Credentials("test", "test"), "s3", "us-east-1", 60).add_auth(request)
        with urllib.request.urlopen(request.url) as response:
            event = json.load(response)
        assert urlsplit(event["userRequest"]["url"]).query == "seed=7/8"
    else:
        event = event_of(reader)
        assert not urlsplit(event["userRequest"]["url"]).query
    user_request = json.dumps(event["userRequest"])
    assert "AWS4-HMAC-SHA256" not in user_request
    assert "Signature" not in user_request


@pytest.mark.parametrize("action", ["GetObject", "HeadObject", "ListObjectsV2"])
def test_the_client_and_the_function_know_the_request_by_one_id(reader, action):
    alias = reader.alias("echo_event", actions=(action,))
    if action == "GetObject":
        answer = reader.s3.get_object(Bucket=alias, Key="greeting.txt")
        event = json.load(answer["Body"])
    elif action == "HeadObject":
        answer = reader.s3.head_object(Bucket=alias, Key="greeting.txt")
        event = json.loads(answer["Metadata"]["event"])
    else:
        answer = reader.s3.list_objects_v2(Bucket=alias)
        event = json.loads(answer["Prefix"])
    assert event["xAmzRequestId"] == answer["ResponseMetadata"]["RequestId"]


def test_headers_keep_their_case_and_repeated_ones_are_joined(reader, local, signed):
    request = signed(f"/{reader.alias('echo_event')}/greeting.txt")
    connection = http.client.HTTPConnection(urlsplit(local.url).netloc)
    connection.putrequest("GET", request.selector, skip_host=True, skip_accept_encoding=True)
    for name, value in [("Host", urlsplit(local.url).netloc), *request.header_items()]:
        if name != "Host" or value:
            connection.putheader(name, value)
    for name, value in [("X-MyOwn", "a"), ("x-myown", "b"), ("X-MyOwn", "c, d")]:
        connection.putheader(name, value)
    connection.endheaders()
    headers = json.load(connection.getresponse())["userRequest"]["headers"]
    connection.close()
    assert headers["X-MyOwn"] == "a,b,c, d"
    assert "x-myown" not in headers


def test_the_path_of_the_users_url_is_the_key_however_it_was_addressed(reader):
    reader.s3.put_object(Bucket="texts", Key="a b/ü.txt", Body=b"")
    event = event_of(reader, key="a b/ü.txt")
    assert urlsplit(event["userRequest"]["url"]).path == "/a b/ü.txt"


def test_the_function_finds_lambdas_environment_and_no_other_account(reader, monkeypatch):
    environment = json.loads(reader.body("echo_environment"))
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "preprocess"
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["_HANDLER"] == "behaviours.handler"
    assert environment["AWS_ACCESS_KEY_ID"] == "test"
    assert "AWS_PROFILE" not in environment
