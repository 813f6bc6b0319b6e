"""Reads through an access point return the library's bytes."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from jitprep.service.results.derived_object import provenance
from preprocessing import Pipeline

ARTICLE = "grayscale/resize:224,224/png"
IMAGENET = "resize:256/center_crop:224/normalize:imagenet/npy"
SPECS = (ARTICLE, IMAGENET, "resize:64,interpolation=lanczos/jpeg", "resize:32/safetensors", "webp")


def digest(body: bytes | bytearray) -> str:
    return hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("spec", SPECS)
def test_workers_and_library_give_the_same_bytes(local, alias_of, photos, spec):
    s3, pipeline = local.client("s3"), Pipeline.parse(spec)
    for key in ("rocket.jpg", "retina.jpg", "coffee.jpg"):
        read = s3.get_object(Bucket=alias_of(spec), Key=key)
        encoded = pipeline.encode(photos[key])
        assert digest(read["Body"].read()) == digest(encoded.body)
        assert read["ContentType"] == encoded.content_type
        assert read["Metadata"].items() >= provenance(encoded.metadata).items()


def test_the_arn_reads_what_the_alias_reads(local, alias_of):
    s3, alias = local.client("s3"), alias_of(ARTICLE)
    control = local.client("s3control")
    listed = control.list_access_points_for_object_lambda(AccountId="123456789012")
    arn = next(
        point["ObjectLambdaAccessPointArn"]
        for point in listed["ObjectLambdaAccessPointList"]
        if point["Alias"]["Value"] == alias
    )
    by_arn, by_alias = (s3.get_object(Bucket=name, Key="rocket.jpg") for name in (arn, alias))
    assert by_arn["Body"].read() == by_alias["Body"].read()
    assert by_arn["ETag"] == by_alias["ETag"]


def test_the_aws_command_line_reads_an_alias(local, alias_of, photos, tmp_path):
    target = tmp_path / "out.png"
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    command = [str(Path(sys.executable).with_name("aws")), "--endpoint-url", local.url]
    command += ["s3api", "get-object", "--bucket", alias_of(ARTICLE), "--key", "rocket.jpg"]
    subprocess.run([*command, str(target)], check=True, env=environment, capture_output=True)
    image = Image.open(io.BytesIO(target.read_bytes()))
    assert (image.mode, image.size) == ("L", (224, 224))
    assert target.read_bytes() == Pipeline.parse(ARTICLE).encode(photos["rocket.jpg"]).body


def test_two_hundred_reads_at_once(local, alias_of, photos):
    s3, alias = local.client("s3"), alias_of(ARTICLE)
    pipeline = Pipeline.parse(ARTICLE)
    assert len(photos) == 20
    expected = {key: digest(pipeline.encode(body).body) for key, body in photos.items()}

    def read(key: str) -> tuple[str, str]:
        return key, digest(s3.get_object(Bucket=alias, Key=key)["Body"].read())

    with ThreadPoolExecutor(200) as pool:
        results = list(pool.map(read, list(photos) * 10))
    assert len(results) == 200
    assert all(expected[key] == got for key, got in results)


def test_a_conditional_read_is_answered_from_the_etag(local, alias_of):
    s3, alias = local.client("s3"), alias_of(ARTICLE)
    etag = s3.get_object(Bucket=alias, Key="rocket.jpg")["ETag"]
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=alias, Key="rocket.jpg", IfNoneMatch=etag)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 304
    assert s3.get_object(Bucket=alias, Key="rocket.jpg", IfMatch=etag)["ETag"] == etag
    assert s3.get_object(Bucket=alias_of(IMAGENET), Key="rocket.jpg")["ETag"] != etag


def test_imagenet_evaluation_is_a_normalised_tensor(local, alias_of):
    body = local.client("s3").get_object(Bucket=alias_of(IMAGENET), Key="coffee.jpg")["Body"]
    tensor = np.load(io.BytesIO(body.read()))
    assert (tensor.shape, tensor.dtype) == ((3, 224, 224), np.float32)
    assert -2.2 < tensor.min() < tensor.max() < 2.7


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels, end = zlib.compress(bytes(100)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + end


def test_bad_input_has_a_code_of_its_own_and_the_workers_live_on(local, alias_of, photos):
    s3, alias = local.client("s3"), alias_of(ARTICLE)
    objects = {
        "truncated.jpg": (photos["rocket.jpg"][:30_000], "CorruptObject", 400),
        "text.jpg": (b"these are words, not a photograph", "UnknownFormat", 400),
        "empty.jpg": (b"", "EmptyObject", 400),
        "huge.png": (png_that_claims(20_000, 20_000), "ObjectTooLarge", 400),
        "missing.jpg": (None, "NoSuchKey", 404),
    }
    for key, (body, _, _) in objects.items():
        if body is not None:
            s3.put_object(Bucket="photos", Key=key, Body=body)
    unknown = local.create_access_point("road-unknown", "photos", payload='{"pipeline": "no-such"}')
    cases = [(alias, key, code, status) for key, (_, code, status) in objects.items()]
    cases.append((unknown, "rocket.jpg", "UnknownPipeline", 400))
    for bucket, key, code, status in cases:
        with pytest.raises(ClientError) as caught:
            s3.get_object(Bucket=bucket, Key=key)
        answer = caught.value.response
        assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (
            code,
            status,
        )
        assert len(answer["Error"]["Message"]) > 20
    # A worker that died would log a cold start for these.
    for _ in range(4):
        assert s3.get_object(Bucket=alias, Key="rocket.jpg")["ContentLength"] > 0
