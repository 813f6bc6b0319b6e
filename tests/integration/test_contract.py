"""The whole S3 contract by boto3: HEAD, LIST, ranges, parts and conditions agree with GET."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from preprocessing import Pipeline

FIXED, UNKNOWN = "resize:64,64/npy", "grayscale/resize:224,224/png"
SPECS = (FIXED, UNKNOWN, "random_resized_crop:32/safetensors", "resize:40/webp")
KEYS = ("rocket.jpg", "coffee.jpg", "retina.jpg")


@pytest.mark.parametrize("spec", SPECS)
def test_head_says_what_get_gives(local, whole_alias_of, spec):
    s3, alias = local.client("s3"), whole_alias_of(spec)
    for key in KEYS:
        head, get = (call(Bucket=alias, Key=key) for call in (s3.head_object, s3.get_object))
        body = get.pop("Body").read()
        assert head["ContentLength"] == len(body)
        # HEAD has the geometry only where it must read the original.
        geometry = get["Metadata"].pop("jitprep-geometry")
        assert head["Metadata"].pop("jitprep-geometry", geometry) == geometry
        for name in ("ETag", "LastModified", "ContentType", "AcceptRanges", "Metadata"):
            assert head[name] == get[name], name


@pytest.mark.parametrize("call", ["list_objects", "list_objects_v2"])
def test_a_listing_says_what_get_gives(local, whole_alias_of, photos, call):
    s3, alias = local.client("s3"), whole_alias_of(FIXED)
    pages = s3.get_paginator(call).paginate(Bucket=alias, PaginationConfig={"PageSize": 7})
    listed = {entry["Key"]: entry for page in pages for entry in page["Contents"]}
    assert listed.keys() >= photos.keys()
    for key in KEYS:
        head = s3.head_object(Bucket=alias, Key=key)
        assert listed[key]["Size"] == head["ContentLength"] == Pipeline.parse(FIXED).output.nbytes
        assert listed[key]["ETag"] == head["ETag"]
    prefixed = s3.list_objects_v2(Bucket=alias, Prefix="0-", Delimiter="-")
    assert [p["Prefix"] for p in prefixed["CommonPrefixes"]] == ["0-0-", "0-200-"]


@pytest.mark.parametrize("spec", SPECS)
def test_ranges_put_together_are_the_whole(local, whole_alias_of, spec):
    s3, alias = local.client("s3"), whole_alias_of(spec)
    whole = s3.get_object(Bucket=alias, Key="coffee.jpg")
    body, pieces = whole["Body"].read(), []
    step = -(-len(body) // 5)
    for start in range(0, len(body), step):
        piece = s3.get_object(
            Bucket=alias,
            Key="coffee.jpg",
            Range=f"bytes={start}-{start + step - 1}",
            IfMatch=whole["ETag"],
        )
        assert piece["ResponseMetadata"]["HTTPStatusCode"] == 206
        pieces.append(piece["Body"].read())
        stop = start + len(pieces[-1])
        assert piece["ContentRange"] == f"bytes {start}-{stop - 1}/{len(body)}"
    assert b"".join(pieces) == body
    part = s3.get_object(Bucket=alias, Key="coffee.jpg", PartNumber=1)
    assert (part["PartsCount"], part["Body"].read()) == (1, body)
    head = s3.head_object(Bucket=alias, Key="coffee.jpg", Range="bytes=-7")
    assert head["ContentLength"] == 7


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        ({"Range": "bytes=99999999-"}, "InvalidRange", 416),
        ({"Range": "bytes=-0"}, "InvalidRange", 416),
        ({"Range": "bytes=0-1,3-4"}, "InvalidArgument", 400),
        ({"Range": "lines=0-1"}, "InvalidArgument", 400),
        ({"PartNumber": 2}, "InvalidPartNumber", 416),
        ({"PartNumber": 0}, "InvalidArgument", 400),
        ({"PartNumber": 1, "Range": "bytes=0-1"}, "InvalidRequest", 400),
        ({"IfMatch": '"other"'}, "PreconditionFailed", 412),
    ],
)
@pytest.mark.parametrize("spec", [FIXED, UNKNOWN])
def test_what_cannot_be_answered_is_refused_alike_by_get_and_head(
    local, whole_alias_of, spec, asked, code, status
):
    s3, alias = local.client("s3"), whole_alias_of(spec)
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=alias, Key="coffee.jpg", **asked)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    with pytest.raises(ClientError) as caught:
        s3.head_object(Bucket=alias, Key="coffee.jpg", **asked)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_versions_are_read_by_their_ids(local, photos):
    s3 = local.client("s3")
    s3.create_bucket(Bucket="versions")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    keys = ("rocket.jpg", "coffee.jpg")
    ids = [s3.put_object(Bucket="versions", Key="k", Body=photos[key])["VersionId"] for key in keys]
    for spec, name in ((FIXED, "fixed"), (UNKNOWN, "unknown")):
        alias = local.create_access_point(
            f"road-versions-{name}",
            "versions",
            payload=f'{{"spec": "{spec}"}}',
            actions=("GetObject", "HeadObject"),
        )
        for version, key in zip(ids, keys, strict=True):
            expected = Pipeline.parse(spec).encode(photos[key]).body
            read = s3.get_object(Bucket=alias, Key="k", VersionId=version)
            assert read["Body"].read() == expected
            assert read["VersionId"] == version
            head = s3.head_object(Bucket=alias, Key="k", VersionId=version)
            assert (head["ContentLength"], head["VersionId"]) == (len(expected), version)


def test_the_owners_metadata_and_the_expected_owner_pass(local, whole_alias_of, photos):
    s3, alias = local.client("s3"), whole_alias_of(FIXED)
    s3.put_object(
        Bucket="photos", Key="labelled.jpg", Body=photos["coffee.jpg"], Metadata={"label": "cup"}
    )
    for call in (s3.get_object, s3.head_object):
        answer = call(
            Bucket=alias,
            Key="labelled.jpg",
            ExpectedBucketOwner="123456789012",
            RequestPayer="requester",
            ChecksumMode="ENABLED",
        )
        assert answer["Metadata"]["label"] == "cup"
        assert answer["Metadata"]["jitprep-pipeline"] == FIXED


def test_a_whole_read_has_a_checksum_that_boto3_verifies(local, whole_alias_of):
    read = local.client("s3").get_object(Bucket=whole_alias_of(FIXED), Key="coffee.jpg")
    assert read["ChecksumCRC32"]
    assert read["Body"].read()  # which raises where they differ


def test_missing_keys_are_404_for_head_and_get(local, whole_alias_of):
    s3 = local.client("s3")
    for spec in (FIXED, UNKNOWN):
        with pytest.raises(ClientError) as caught:
            s3.head_object(Bucket=whole_alias_of(spec), Key="no-such.jpg")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
        with pytest.raises(ClientError) as caught:
            s3.get_object(Bucket=whole_alias_of(spec), Key="no-such.jpg")
        assert caught.value.response["Error"]["Code"] == "NoSuchKey"
