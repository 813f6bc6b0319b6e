"""Policies of access points are validated and stored, but not enforced."""

from __future__ import annotations

import json

import pytest

ACCOUNT = "123456789012"
ARN = f"arn:aws:s3-object-lambda:us-east-1:{ACCOUNT}:accesspoint/guarded"
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/training"},
    "Action": "s3-object-lambda:GetObject",
    "Resource": ARN,
}


@pytest.fixture(scope="module")
def control(local):
    return local.client("s3control")


@pytest.fixture(scope="module")
def this(local, reader):
    local.create_access_point("guarded", "texts")
    return {"AccountId": ACCOUNT, "Name": "guarded"}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def test_a_policy_is_put_read_and_deleted(control, this, expect_error):
    get = control.get_access_point_policy_for_object_lambda
    with expect_error("NoSuchAccessPointPolicy", 404):
        get(**this)
    with expect_error("NoSuchAccessPointPolicy", 404):
        control.get_access_point_policy_status_for_object_lambda(**this)
    text = policy({**STATEMENT, "Sid": "<a&b>"})
    control.put_access_point_policy_for_object_lambda(**this, Policy=text)
    assert get(**this)["Policy"] == text
    status = control.get_access_point_policy_status_for_object_lambda(**this)
    assert status["PolicyStatus"] == {"IsPublic": False}
    control.delete_access_point_policy_for_object_lambda(**this)
    with expect_error("NoSuchAccessPointPolicy", 404):
        get(**this)


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("not JSON", "MalformedPolicy", 400),
        ("[]", "MalformedPolicy", 400),
        (policy(), "MalformedPolicy", 400),
        (policy({**STATEMENT, "Effect": "Maybe"}), "MalformedPolicy", 400),
        (policy({"Effect": "Allow"}), "MalformedPolicy", 400),
        (policy({**STATEMENT, "NotAction": "s3:*"}), "MalformedPolicy", 400),
        (policy({**STATEMENT, "Sid": "x" * 21_000}), "MalformedPolicy", 400),
        (policy({**STATEMENT, "Principal": "*"}), "AccessDenied", 403),
        (policy({**STATEMENT, "Principal": {"AWS": "*"}}), "AccessDenied", 403),
    ],
)
def test_policies_that_aws_rejects_are_rejected(control, this, expect_error, text, code, status):
    with expect_error(code, status):
        control.put_access_point_policy_for_object_lambda(**this, Policy=text)


def test_everybody_under_a_condition_or_denied_is_not_public(control, this):
    everybody = {**STATEMENT, "Principal": "*"}
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    text = policy({**everybody, "Condition": condition}, {**everybody, "Effect": "Deny"})
    control.put_access_point_policy_for_object_lambda(**this, Policy=text)
    control.delete_access_point_policy_for_object_lambda(**this)


def test_an_access_point_that_is_not_there_has_no_policy(control, expect_error):
    nobody = {"AccountId": ACCOUNT, "Name": "nobody"}
    with expect_error("NoSuchAccessPoint", 404):
        control.get_access_point_policy_for_object_lambda(**nobody)
