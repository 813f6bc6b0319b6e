"""Versions and delete markers."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from ..buckets import new_bucket, set_versioning
from .objects import status_of, upload


@pytest.mark.parametrize("what", ["PUT", "COPY", "UPLOAD", "DELETE", "DELETE MANY"])
def test_where_versioning_is_suspended_old_versions_stay(reader, s3, what):
    bucket, of = new_bucket(s3, "Enabled"), {"Key": "k"}
    of["Bucket"] = bucket
    old = s3.put_object(**of, Body=b"old")["VersionId"]
    set_versioning(s3, bucket, "Suspended")
    for _ in range(2):  # the second null version replaces the first
        if what == "PUT":
            assert s3.put_object(**of, Body=b"new")["VersionId"] == "null"
        elif what == "COPY":
            s3.copy_object(**of, CopySource="texts/greeting.txt")
        elif what == "UPLOAD":
            to, document = upload(s3, of, {1: b"new"})
            s3.complete_multipart_upload(**to, MultipartUpload=document)
        elif what == "DELETE":
            assert s3.delete_object(**of)["VersionId"] == "null"
        else:
            done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
            assert done["Deleted"][0]["DeleteMarkerVersionId"] == "null"
    assert s3.get_object(**of, VersionId=old)["Body"].read() == b"old"
    assert s3.head_object(**of, VersionId=old)["VersionId"] == old
    listed = s3.list_object_versions(Bucket=bucket)
    every = listed.get("Versions", []) + listed.get("DeleteMarkers", [])
    assert sorted(one["VersionId"] for one in every) == sorted([old, "null"])
    s3.delete_object(**of, VersionId="null")
    assert s3.get_object(**of)["Body"].read() == b"old"
    s3.delete_object(**of, VersionId=old)
    s3.delete_bucket(Bucket=bucket)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(["put", "delete", "Enabled", "Suspended"]), max_size=10))
def test_versions_are_those_of_a_model(local, steps):
    s3 = local.client("s3")
    bucket, status, model = new_bucket(s3), None, []
    of = {"Bucket": bucket, "Key": "k"}
    for n, step in enumerate(steps):
        body = None if step == "delete" else str(n).encode()
        if step in {"Enabled", "Suspended"}:
            set_versioning(s3, bucket, status := step)
            continue
        answer = s3.delete_object(**of) if body is None else s3.put_object(**of, Body=body)
        version = answer.get("VersionId", "null")
        assert (status == "Enabled") == (version != "null")
        model = [one for one in model if one[0] != version]
        if body is not None or status is not None:
            model.append((version, body))
    for version, body in model:
        if body is not None:
            assert s3.get_object(**of, VersionId=version)["Body"].read() == body
    latest = model[-1][1] if model else None
    assert status_of(s3.get_object, **of) == (404 if latest is None else 200)
    listed = s3.list_object_versions(Bucket=bucket)
    every = listed.get("Versions", []) + listed.get("DeleteMarkers", [])
    assert {one["VersionId"] for one in every} == {version for version, _ in model}


def test_a_delete_marker_says_that_it_is_one(s3):
    bucket = new_bucket(s3, "Enabled")
    of = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**of, Body=b"")
    marker = s3.delete_object(**of)["VersionId"]
    for operation in (s3.get_object, s3.head_object):
        for version, status in (({}, 404), ({"VersionId": marker}, 405)):
            with pytest.raises(ClientError) as caught:
                operation(**of, **version)
            found = caught.value.response["ResponseMetadata"]
            assert found["HTTPStatusCode"] == status
            assert found["HTTPHeaders"]["x-amz-delete-marker"] == "true"
            assert found["HTTPHeaders"]["x-amz-version-id"] == marker


def test_a_version_that_is_not_there_deletes_nothing(s3, bucket, expect_error):
    s3.put_object(Bucket=bucket, Key="k", Body=b"kept")
    with expect_error("InvalidArgument", 400):
        s3.delete_object(Bucket=bucket, Key="k", VersionId="made-up")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"kept"
