"""ListObjects and ListObjectsV2 through an access point whose function answers them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

XML = (
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>n</Name>'
    "<MaxKeys>1</MaxKeys><IsTruncated>false</IsTruncated>"
    "<Contents><Key>a&amp;b</Key><Size>7</Size></Contents></ListBucketResult>"
)
RESULT = {"name": "n", "maxKeys": 1, "isTruncated": False}


def returning(value):
    return f"return_json:{json.dumps(value)}"


@pytest.fixture(params=["ListObjects", "ListObjectsV2"])
def action(request):
    return request.param


@pytest.fixture
def listed(reader, action):
    call = reader.s3.list_objects if action == "ListObjects" else reader.s3.list_objects_v2

    def listed(payload, **parameters):
        return call(Bucket=reader.alias(payload, actions=(action,)), **parameters)

    return listed


def test_the_xml_that_the_function_returns_is_the_listing(listed):
    answer = listed(returning({"statusCode": 200, "listResultXml": XML}))
    assert [(found["Key"], found["Size"]) for found in answer["Contents"]] == [("a&b", 7)]


def test_the_json_that_the_function_returns_is_the_listing(listed):
    result = RESULT | {
        "prefix": "p/",
        "delimiter": "/",
        "keyCount": 2,
        "isTruncated": True,
        "contents": [
            {
                "key": "p/<a> & \r\n",
                "size": 7,
                "lastModified": "2015-10-21T07:28:00.000Z",
                "eTag": '"e"',
                "storageClass": "STANDARD",
                "checksumAlgorithm": "CRC32",
                "owner": {"id": "me", "displayName": "my name"},
            },
            {"key": "p/b", "size": 0},
        ],
        "commonPrefixes": [{"prefix": "p/q/"}],
    }
    answer = listed(returning({"statusCode": 200, "listBucketResult": result}))
    first, second = answer["Contents"]
    assert first == {
        "Key": "p/<a> & \r\n",
        "Size": 7,
        "LastModified": datetime(2015, 10, 21, 7, 28, tzinfo=UTC),
        "ETag": '"e"',
        "StorageClass": "STANDARD",
        "ChecksumAlgorithm": ["CRC32"],
        "Owner": {"ID": "me", "DisplayName": "my name"},
    }
    assert second == {"Key": "p/b", "Size": 0}
    assert answer["CommonPrefixes"] == [{"Prefix": "p/q/"}]
    assert (answer["Prefix"], answer["IsTruncated"]) == ("p/", True)


@pytest.mark.parametrize(
    ("call", "names"),
    [
        ("list_objects", {"marker": "m", "nextMarker": "n"}),
        ("list_objects_v2", {"startAfter": "s"}),
    ],
)
def test_each_action_has_its_own_fields(reader, call, names):
    payload = returning({"statusCode": 200, "listBucketResult": RESULT | names})
    alias = reader.alias(payload, actions=("ListObjects", "ListObjectsV2"))
    answer = getattr(reader.s3, call)(Bucket=alias)
    assert {name[0].lower() + name[1:] for name in answer} >= names.keys()


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_an_error_reaches_the_client(listed, expect_error, status):
    value = {"statusCode": status, "errorCode": "AccessDenied", "errorMessage": "not <you>"}
    with expect_error("AccessDenied", status) as message:
        listed(returning(value))
    assert message() == "not <you>"


def test_an_error_without_a_code_has_the_name_of_its_status(listed, expect_error):
    with expect_error("NotFound", 404):
        listed(returning({"statusCode": 404}))


@pytest.mark.parametrize(
    ("payload", "code", "status", "words"),
    [
        (returning([]), "LambdaInvalidResponse", 400, "must be an object"),
        (returning({"statusCode": 200}), "LambdaInvalidResponse", 400, "neither"),
        ("raise_error:boom", "LambdaRuntimeError", 500, "ValueError: boom"),
        ("exit_process:bye", "LambdaRuntimeError", 500, "status 17"),
    ],
)
def test_each_misbehaviour_has_its_error(listed, expect_error, payload, code, status, words):
    with expect_error(code, status) as message:
        listed(payload)
    assert words in message()


def test_the_event_has_one_context_and_every_parameter_in_its_url(listed, action):
    asked = {"Prefix": "a b/+%ü", "Delimiter": "/", "MaxKeys": 7, "EncodingType": "url"}
    event = json.loads(listed("echo_event", **asked, RequestPayer="requester")["Prefix"])
    contexts = {name: value for name, value in event.items() if name.endswith("Context")}
    assert list(contexts) == [f"l{action[1:]}Context"]
    (context,) = contexts.values()
    assert list(context) == ["inputS3Url"]
    url = urlsplit(context["inputS3Url"])
    assert url.path == "/texts"
    query = {name: v for name, v in parse_qsl(url.query) if not name.startswith("X-Amz-")}
    version = {"list-type": "2"} if action == "ListObjectsV2" else {}
    assert query == version | {
        "prefix": "a b/+%ü",
        "delimiter": "/",
        "max-keys": "7",
        "encoding-type": "url",
    }
    assert dict(parse_qsl(url.query))["X-Amz-SignedHeaders"] == "host;x-amz-request-payer"


def test_a_listing_is_transformed_page_by_page(reader):
    for name in "abcde":
        reader.s3.put_object(Bucket="texts", Key=f"pages/{name}", Body=name.encode())
    alias = reader.alias("upper", actions=("ListObjectsV2",))
    listed = reader.s3.list_objects_v2(Bucket=alias, Prefix="pages/", MaxKeys=2)
    assert [found["Key"] for found in listed["Contents"]] == ["PAGES/A", "PAGES/B"]
    assert listed["IsTruncated"]


@pytest.mark.parametrize(
    "ask", ["get_bucket_versioning", "get_bucket_location", "list_multipart_uploads"]
)
def test_s3_answers_other_reads_of_the_bucket(reader, ask):
    alias = reader.alias("raise_error:not asked", actions=("ListObjects", "ListObjectsV2"))
    assert getattr(reader.s3, ask)(Bucket=alias)["ResponseMetadata"]["HTTPStatusCode"] == 200
