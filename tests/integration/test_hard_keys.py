"""Keys that HTTP libraries would normalize, through every door, with signatures verified."""

from __future__ import annotations

import json
from urllib.parse import quote

import boto3
import pytest
from botocore.config import Config

from jitprep.backfill.listing import originals
from jitprep.reader import open_reader
from jitprep.service.s3_names import S3Prefix
from preprocessing import Pipeline

from ..paths import ROOT

SPEC = "resize:8,8/npy"
KEYS = ("d/../e.jpg", "./a.jpg", "a//b.jpg", "/a.jpg", "%2e%2e/%2F.jpg", "a\\..\\b + ü.jpg", "f/..")


def plain(started):
    """Return a client without a proxy: urllib3 removes dot segments from a proxy's URLs."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    style = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    place = {"endpoint_url": started.url, "region_name": "us-east-1"}
    return boto3.client("s3", **place, **keys, config=style)


@pytest.fixture(scope="module")
def stage(object_lambda_endpoint, photos):
    """Originals with hard keys, one where a key with dots would lead, and a private bucket."""
    started = object_lambda_endpoint(
        task_root=ROOT,
        workers=1,
        worker_env={"JITPREP_BUCKETS": "photos", "JITPREP_OUTPUTS": "copies"},
    )
    s3 = plain(started)
    for bucket in ("photos", "copies", "secret"):
        s3.create_bucket(Bucket=bucket)
    bodies = dict(zip(KEYS, photos.values(), strict=False))
    for key, body in {**bodies, "e.jpg": photos["rocket.jpg"]}.items():
        s3.put_object(Bucket="photos", Key=key, Body=body)
    s3.put_object(Bucket="secret", Key="s.jpg", Body=photos["rocket.jpg"])
    return started, bodies


def invoke(started, event):
    answer = started.client("lambda").invoke(FunctionName="preprocess", Payload=json.dumps(event))
    return json.load(answer["Payload"])


def test_every_door_reads_what_is_there(stage, monkeypatch):
    started, bodies = stage
    s3 = plain(started)
    alias = started.create_access_point(
        "hard", "photos", payload=json.dumps({"spec": SPEC}), actions=("GetObject", "HeadObject")
    )
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    readers = [
        open_reader(f"s3://{alias}", endpoint_url=started.url),
        open_reader("lambda:preprocess/photos", pipeline=SPEC, endpoint_url=started.url),
    ]
    pipeline = Pipeline.parse(SPEC)
    for key, body in bodies.items():
        etag = s3.head_object(Bucket="photos", Key=key)["ETag"]
        read = s3.get_object(Bucket=alias, Key=key)
        assert read["Body"].read() == pipeline.encode(body).body, key
        head = s3.head_object(Bucket=alias, Key=key)
        answer = invoke(started, {"bucket": "photos", "key": key, "spec": SPEC})
        for said in (read["Metadata"], head["Metadata"]):
            assert said["jitprep-source-etag"] == etag
        assert answer["headers"]["x-amz-meta-jitprep-source-etag"] == etag
        for reader in readers:
            assert (reader.get(key) == pipeline(body)).all()
        task = {"taskId": "t", "s3Bucket": "photos", "s3Key": quote(key), "s3VersionId": None}
        arguments = {"spec": SPEC, "to": "s3://copies/batch"}
        event = {"invocationSchemaVersion": "2.0", "invocationId": "i", "tasks": [task]}
        (result,) = invoke(started, {**event, "job": {"userArguments": arguments}})["results"]
        assert result["resultString"] == f"stored: s3://copies/batch/{key}"
        copy = s3.get_object(Bucket="copies", Key=f"batch/{key}")
        assert copy["Body"].read() == pipeline.encode(body).body


@pytest.mark.parametrize(
    "key", ["../secret/s.jpg", "a/../../secret/s.jpg", "%2e%2e/secret/s.jpg", "..\\secret\\s.jpg"]
)
def test_no_key_leads_out_of_its_bucket(stage, key):
    started, _ = stage
    answer = invoke(started, {"bucket": "photos", "key": key, "spec": SPEC})
    assert (answer["statusCode"], answer["errorCode"]) == (404, "NoSuchKey")


def test_readers_and_a_backfill_agree_on_what_is_a_folder(stage, monkeypatch, photos):
    """A key that ends in a slash marks a folder where the object is empty."""
    started, _ = stage
    s3 = plain(started)
    s3.create_bucket(Bucket="slashes")
    for key, body in {
        "a/": b"",
        "b/": photos["rocket.jpg"],
        "b/c.jpg": photos["rocket.jpg"],
    }.items():
        s3.put_object(Bucket="slashes", Key=key, Body=body)
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    reader = open_reader("s3://slashes", endpoint_url=started.url)
    listed = [original.key for original in originals(s3, S3Prefix("slashes"))]
    assert list(reader.keys()) == listed == ["b/", "b/c.jpg"]
