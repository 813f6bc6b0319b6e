"""S3 Control's calls, through boto3."""

from __future__ import annotations

import pytest

from emulator.functions import function_name

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
        ("new", {"TransformationConfigurations": []}, "InvalidRequest", 400, "empty"),
        ("new", {"AllowedFeatures": ["GetObject-Magic"]}, "InvalidRequest", 400, "GetObject-Magic"),
    ],
)
def test_what_aws_would_not_create_is_not_created(
    control, supporting, expect_error, name, changes, code, status, words
):
    with expect_error(code, status) as message:
        create(control, name, configuration(supporting, **changes))
    assert words in message()


@pytest.mark.parametrize(
    ("actions", "function", "words"),
    [
        ([], FUNCTION, "Actions"),
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


@pytest.mark.parametrize(
    "arn", [FUNCTION, f"{FUNCTION}:$LATEST", f"{FUNCTION}:3", "preprocess", "preprocess:live"]
)
def test_every_spelling_of_a_function_has_its_name(arn):
    assert function_name(arn) == "preprocess"
