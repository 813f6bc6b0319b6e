"""S3 Control's calls, through boto3."""

from __future__ import annotations

import contextlib
import urllib.request
from urllib.error import HTTPError
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

from jitprep.emulator.workers.function import function_name

ACCOUNT = "123456789012"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:preprocess"


@pytest.fixture(scope="module")
def control(local):
    return local.client("s3control")


@pytest.fixture(scope="module")
def supporting(control, reader):
    return control.create_access_point(AccountId=ACCOUNT, Name="control-s3", Bucket="texts")[
        "AccessPointArn"
    ]


def configuration(supporting, **changes):
    content = {"AwsLambda": {"FunctionArn": FUNCTION, "FunctionPayload": '{"pipeline": "<a&b>"}'}}
    return {
        "SupportingAccessPoint": supporting,
        "CloudWatchMetricsEnabled": False,
        "AllowedFeatures": ["GetObject-Range"],
        "TransformationConfigurations": [
            {"Actions": ["GetObject", "HeadObject"], "ContentTransformation": content}
        ],
        **changes,
    }


def create(control, name, configuration):
    return control.create_access_point_for_object_lambda(
        AccountId=ACCOUNT, Name=name, Configuration=configuration
    )


def test_what_is_created_can_be_read_changed_and_deleted(control, supporting, expect_error):
    wanted = configuration(supporting)
    created = create(control, "round-trip", wanted)
    this = {"AccountId": ACCOUNT, "Name": "round-trip"}
    arn = f"arn:aws:s3-object-lambda:us-east-1:{ACCOUNT}:accesspoint/round-trip"
    assert created["ObjectLambdaAccessPointArn"] == arn

    shown = control.get_access_point_for_object_lambda(**this)
    assert shown["Alias"] == created["Alias"]
    assert shown["PublicAccessBlockConfiguration"]["BlockPublicAcls"] is True
    assert shown["CreationDate"].year >= 2026

    read = control.get_access_point_configuration_for_object_lambda(**this)["Configuration"]
    assert read == wanted

    other = configuration(supporting, AllowedFeatures=[], CloudWatchMetricsEnabled=True)
    control.put_access_point_configuration_for_object_lambda(**this, Configuration=other)
    read = control.get_access_point_configuration_for_object_lambda(**this)["Configuration"]
    assert read == other

    control.delete_access_point_for_object_lambda(**this)
    for call in (
        control.get_access_point_for_object_lambda,
        control.get_access_point_configuration_for_object_lambda,
        control.delete_access_point_for_object_lambda,
    ):
        with expect_error("NoSuchAccessPoint", 404):
            call(**this)


def test_an_alias_is_a_bucket_name_that_stays_the_same(control, supporting):
    alias = create(control, "a" * 45, configuration(supporting))["Alias"]["Value"]
    assert alias.startswith("a" * 20 + "-")
    assert alias.endswith("--ol-s3")
    assert len(alias) <= 63
    control.delete_access_point_for_object_lambda(AccountId=ACCOUNT, Name="a" * 45)
    again = create(control, "a" * 45, configuration(supporting))["Alias"]["Value"]
    assert again == alias


def test_a_list_comes_whole_in_pages_of_any_size(control, supporting):
    names = [f"page-{number}" for number in range(5)]
    for name in names:
        create(control, name, configuration(supporting))
    for size in (1, 2, 1000):
        found, token = [], {}
        while True:
            page = control.list_access_points_for_object_lambda(
                AccountId=ACCOUNT, MaxResults=size, **token
            )
            found += [point["Name"] for point in page["ObjectLambdaAccessPointList"]]
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        assert found == sorted(found)
        assert set(names) <= set(found)


@pytest.mark.parametrize(
    ("name", "changes", "code", "status", "words"),
    [
        ("Capital", {}, "InvalidRequest", 400, "3 to 45"),
        ("new", {"SupportingAccessPoint": "arn:aws:s3:::texts"}, "InvalidRequest", 400, "texts"),
        (
            "new",
            {"SupportingAccessPoint": f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/nobody"},
            "InvalidRequest",
            400,
            "nobody",
        ),
        (
            "new",
            {"SupportingAccessPoint": f"arn:aws:s3::{ACCOUNT}:accesspoint/{'a' * 2048}"},
            "InvalidRequest",
            400,
            "not the ARN",
        ),
        ("new", {"TransformationConfigurations": []}, "InvalidRequest", 400, "empty"),
        ("new", {"AllowedFeatures": ["GetObject-Magic"]}, "InvalidRequest", 400, "GetObject-Magic"),
    ],
)
def test_requests_that_aws_rejects_create_nothing(
    control, supporting, expect_error, name, changes, code, status, words
):
    with expect_error(code, status) as message:
        create(control, name, configuration(supporting, **changes))
    assert words in message()


@pytest.mark.parametrize(
    ("actions", "function", "words"),
    [
        ([], FUNCTION, "Actions"),
        (["GetObject"], FUNCTION + "x" * 1024, "FunctionArn"),
        (["PutObject"], FUNCTION, "PutObject"),
        (["GetObject"], "arn:aws:sqs:us-east-1:123456789012:queue", "FunctionArn"),
    ],
)
def test_a_wrong_transformation_is_named(
    control, supporting, expect_error, actions, function, words
):
    content = {"AwsLambda": {"FunctionArn": function}}
    wrong = [{"Actions": actions, "ContentTransformation": content}]
    with expect_error("InvalidRequest", 400) as message:
        create(control, "new", configuration(supporting, TransformationConfigurations=wrong))
    assert words in message()


def test_a_name_can_be_taken_once(control, supporting, expect_error):
    create(control, "taken", configuration(supporting))
    with expect_error("AccessPointAlreadyOwnedByYou", 409):
        create(control, "taken", configuration(supporting))


def test_other_calls_of_s3_control_are_answered_too(control, supporting):
    point = control.get_access_point(AccountId=ACCOUNT, Name="control-s3")
    assert (point["Bucket"], point["AccessPointArn"]) == ("texts", supporting)


def document(call, inner):
    return f'<{call} xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">{inner}</{call}>'


CREATE = "CreateAccessPointForObjectLambdaRequest"
LISTED = (
    "<TransformationConfigurations><TransformationConfiguration><Actions><Action>GetObject</Action>"
    f"</Actions><ContentTransformation><AwsLambda><FunctionArn>{FUNCTION}</FunctionArn></AwsLambda>"
    "</ContentTransformation></TransformationConfiguration></TransformationConfigurations>"
)
OTHER = "arn:aws:s3:us-east-1:210987654321:accesspoint/control-s3"


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("", "MalformedXML"),
        ("<Configuration>", "MalformedXML"),
        ("<Configuration/>", "InvalidRequest"),
        (
            f"<Configuration><SupportingAccessPoint>{OTHER}</SupportingAccessPoint>{LISTED}"
            "</Configuration>",
            "InvalidRequest",
        ),
        (
            f"<Configuration><SupportingAccessPoint>{OTHER}</SupportingAccessPoint>{LISTED}"
            "<CloudWatchMetricsEnabled>maybe</CloudWatchMetricsEnabled></Configuration>",
            "MalformedXML",
        ),
    ],
)
@pytest.mark.parametrize("path", ["/raw", "/shown/configuration"])
def test_documents_that_no_sdk_sends_are_refused(ask, control, supporting, path, inner, code):
    with contextlib.suppress(control.exceptions.ClientError):
        create(control, "shown", configuration(supporting))
    status, answer = ask(path, "PUT", document(CREATE, inner).encode())
    assert (status, answer.findtext("{*}Error/{*}Code")) == (400, code)


@pytest.fixture(scope="module")
def ask(signed):
    """Return a function that calls S3 Control, and returns the response's status and XML."""

    def call(path, method="GET", body=None, account=ACCOUNT):
        headers = {} if account is None else {"x-amz-account-id": account}
        path = f"/v20180820/accesspointforobjectlambda{path}"
        request = signed(path, method=method, headers=headers, body=body)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, ET.fromstring(answer.read())
        except HTTPError as error:
            with error:
                return error.status, ET.fromstring(error.read())

    return call


def test_an_error_has_s3_controls_own_form(ask):
    """Only the SDK for Python also reads S3's form."""
    status, answer = ask("/nobody")
    assert status == 404
    assert answer.tag == "{http://awss3control.amazonaws.com/doc/2018-08-20/}ErrorResponse"
    assert answer.findtext("{*}Error/{*}Code") == "NoSuchAccessPoint"
    assert answer.findtext("{*}Error/{*}AccessPointName") == "nobody"
    assert answer.findtext("{*}RequestId")
    assert answer.findtext("{*}HostId")


@pytest.mark.parametrize(
    ("account", "status", "code"),
    [
        (None, 400, "InvalidRequest"),
        ("123", 400, "InvalidRequest"),
        ("210987654321", 403, "AccessDenied"),
    ],
)
def test_the_account_must_be_that_of_the_credentials(ask, account, status, code):
    found, answer = ask("", account=account)
    assert (found, answer.findtext("{*}Error/{*}Code")) == (status, code)


@pytest.mark.parametrize("most", ["-1", "1001", "many", "\u00b2"])
def test_a_page_has_at_most_a_thousand(ask, most):
    status, answer = ask(f"?maxResults={quote(most)}")
    assert (status, answer.findtext("{*}Error/{*}Code")) == (400, "InvalidRequest")


def test_a_body_that_is_not_the_signed_one_is_refused(signed):
    request = signed(
        "/v20180820/accesspointforobjectlambda/raw",
        method="PUT",
        headers={"x-amz-account-id": ACCOUNT},
        body=b"<a/>",
    )
    request.data = b"<b/>"
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as answer:
        assert answer.status == 400
        assert b"<Code>XAmzContentSHA256Mismatch</Code>" in answer.read()


@pytest.mark.parametrize(
    "arn", [FUNCTION, f"{FUNCTION}:$LATEST", f"{FUNCTION}:3", "preprocess", "preprocess:live"]
)
def test_every_spelling_of_a_function_has_its_name(arn):
    assert function_name(arn) == "preprocess"
