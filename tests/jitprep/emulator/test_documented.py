"""The functions in AWS's documentation, invoked by boto3's reads."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from botocore.config import Config
from PIL import Image

FUNCTIONS = Path(__file__).parent / "functions"
EVERY = ("GetObject", "HeadObject", "ListObjects", "ListObjectsV2")


class Bucket:
    """A bucket, and a client that does not request checksums.

    boto3 asks for them by default. AWS then signs that header into `inputS3Url` too, and a function
    that does not send it along, as the documented ones do not, is refused by S3.
    """

    def __init__(self, local):
        self.local = local
        self.s3 = local.client("s3", Config(response_checksum_validation="when_required"))
        self.s3.create_bucket(Bucket="documents")
        self.s3.put_object(
            Bucket="documents", Key="a.txt", Body=b"some words", ContentType="text/x"
        )

    def through(self, function):
        return self.local.create_access_point(
            function, "documents", payload=function, actions=EVERY
        )


@pytest.fixture(scope="module")
def bucket(object_lambda_endpoint):
    return Bucket(object_lambda_endpoint(handler="documented.handler", task_root=FUNCTIONS))


@pytest.fixture(scope="module")
def uppercase(bucket):
    return bucket.through("uppercase")


def test_the_tutorials_function_writes_capitals(bucket, uppercase):
    assert bucket.s3.get_object(Bucket=uppercase, Key="a.txt")["Body"].read() == b"SOME WORDS"


def test_a_function_that_leaves_signed_headers_out_is_refused_by_s3(
    bucket, uppercase, expect_error
):
    """As on AWS: https://github.com/aws/aws-sdk-js-v3/issues/7147."""
    with expect_error("LambdaRuntimeError", 500) as message:
        bucket.s3.get_object(Bucket=uppercase, Key="a.txt", ChecksumMode="ENABLED")
    assert "403" in message()


def test_the_first_example_denies_access(bucket, expect_error):
    alias = bucket.through("forbidden")
    with expect_error("NoSuperSecretTokenFound", 403) as message:
        bucket.s3.get_object(Bucket=alias, Key="a.txt")
    assert message() == "The request was not secret enough."

    def tell_the_token(request, **_):
        request.headers["SuperSecretToken"] = "any"

    knowing = bucket.local.client("s3", Config(response_checksum_validation="when_required"))
    knowing.meta.events.register("before-sign.s3.GetObject", tell_the_token)
    assert knowing.get_object(Bucket=alias, Key="a.txt")["Body"].read() == b"some words"


def test_the_second_example_returns_an_image(bucket):
    source = io.BytesIO()
    Image.new("RGB", (1024, 512), "red").save(source, "png")
    bucket.s3.put_object(Bucket="documents", Key="red.png", Body=source.getvalue())
    answer = bucket.s3.get_object(Bucket=bucket.through("thumbnail"), Key="red.png")
    image = Image.open(io.BytesIO(answer["Body"].read()))
    assert (image.format, image.size, image.getpixel((0, 0))) == ("PNG", (256, 128), (255, 0, 0))


def test_the_third_example_streams(bucket):
    words = b"so many words " * 100_000
    bucket.s3.put_object(Bucket="documents", Key="long.txt", Body=words)
    answer = bucket.s3.get_object(Bucket=bucket.through("compressed"), Key="long.txt")
    assert answer["ContentEncoding"] == "gzip"
    assert "ContentLength" not in answer, "the length was unknown"
    assert gzip.decompress(answer["Body"].read()) == words


def test_the_example_of_head_passes_headers_on(bucket, expect_error):
    alias = bucket.through("head")
    answer = bucket.s3.head_object(Bucket=alias, Key="a.txt")
    plain = bucket.s3.head_object(Bucket="documents", Key="a.txt")
    assert answer["ContentType"] == ""
    for name in ("ContentLength", "ETag", "LastModified"):
        assert answer[name] == plain[name]
    with expect_error("404", 404):
        bucket.s3.head_object(Bucket=alias, Key="missing")


def test_the_example_of_listings_blanks_storage_classes(bucket, expect_error):
    alias = bucket.through("listing")
    for call in (bucket.s3.list_objects, bucket.s3.list_objects_v2):
        found, plain = (call(Bucket=name, Prefix="a")["Contents"] for name in (alias, "documents"))
        assert [one["StorageClass"] for one in found] == [""]
        assert [(o["Key"], o["Size"], o["ETag"]) for o in found] == [
            (o["Key"], o["Size"], o["ETag"]) for o in plain
        ]
    with expect_error("InvalidArgument", 400):
        bucket.s3.list_objects_v2(Bucket=alias, ContinuationToken="")
