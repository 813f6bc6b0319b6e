"""Invoke with boto3 through the endpoint and a worker; and the examples of docs/doors/invoke.md."""

from __future__ import annotations

import base64
import io
import json
import re
import urllib.request

import numpy as np
import pytest
import safetensors.numpy

from bench.doors import invoke as bench
from preprocessing import Pipeline, Seed

from ..paths import ROOT

PAGE = (ROOT / "docs/doors/invoke.md").read_text()
SPEC = "random_resized_crop:64/random_horizontal_flip/npy"
KEYS = ["rocket.jpg", "coffee.jpg", "retina.jpg", "chelsea.jpg"]


@pytest.fixture(scope="session")
def direct(object_lambda_endpoint, photos):
    """Endpoint whose function may read a bucket, and stores large responses elsewhere."""
    started = object_lambda_endpoint(
        task_root=ROOT,
        workers=2,
        worker_env={"JITPREP_BUCKETS": "photos,album=photos", "JITPREP_SPILL": "large/answers"},
    )
    s3 = started.client("s3")
    for bucket in ("photos", "large"):
        s3.create_bucket(Bucket=bucket)
    for key, body in {**photos, "cut.jpg": photos["rocket.jpg"][:9000], "none.jpg": b""}.items():
        s3.put_object(Bucket="photos", Key=key, Body=body)
    return started


@pytest.fixture(scope="session")
def invoke(direct):
    client = direct.client("lambda")

    def call(**event):
        answer = client.invoke(FunctionName="preprocess", Payload=json.dumps(event))
        assert "FunctionError" not in answer
        return json.load(answer["Payload"])

    return call


def seeds(photos, keys, number):
    return [Seed(number, key).of(photos[key]) for key in keys]


def body_of(answer):
    return base64.b64decode(answer["body"])


def test_one_key_is_what_an_access_point_gives(direct, invoke, photos):
    alias = direct.create_access_point("same", "photos", payload=json.dumps({"spec": SPEC}))
    read = direct.client("s3").get_object(Bucket=alias, Key="coffee.jpg")
    answer = invoke(bucket="album", key="coffee.jpg", spec=SPEC)
    assert body_of(answer) == read["Body"].read()
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    assert headers["etag"] == read["ETag"]
    assert headers["content-type"] == read["ContentType"]
    told = {f"x-amz-meta-{name}": value for name, value in read["Metadata"].items()}
    assert told.items() <= headers.items()


@pytest.mark.parametrize("encoding", ["npy", "safetensors"])
def test_many_keys_are_the_librarys_batch(invoke, photos, encoding):
    pipeline = Pipeline.parse(SPEC.replace("npy", encoding))
    keys = [*photos] * 2
    answer = invoke(bucket="photos", keys=keys, spec=str(pipeline), seed=5)
    assert (answer["statusCode"], answer["keys"], answer["errors"]) == (200, keys, [])
    body = body_of(answer)
    array = (
        np.load(io.BytesIO(body)) if encoding == "npy" else safetensors.numpy.load(body)["image"]
    )
    sources = [photos[key] for key in keys]
    expected = pipeline.batch(sources, seed=seeds(photos, keys, 5))
    np.testing.assert_array_equal(array, expected)
    single = invoke(bucket="photos", key=keys[3], spec=str(pipeline), seed=5)
    assert answer["etags"][3] == single["headers"]["ETag"]


def test_good_missing_and_damaged_keys_stand_side_by_side(invoke, photos):
    keys = ["missing.jpg", "rocket.jpg", "cut.jpg", "none.jpg", "coffee.jpg"]
    answer = invoke(bucket="photos", keys=keys, spec=SPEC)
    assert answer["keys"] == ["rocket.jpg", "coffee.jpg"]
    assert {
        error["key"]: (error["statusCode"], error["errorCode"]) for error in answer["errors"]
    } == {
        "missing.jpg": (404, "NoSuchKey"),
        "cut.jpg": (400, "CorruptObject"),
        "none.jpg": (400, "EmptyObject"),
    }
    good = ["rocket.jpg", "coffee.jpg"]
    expected = Pipeline.parse(SPEC).batch(
        [photos[key] for key in good], seed=seeds(photos, good, 0)
    )
    np.testing.assert_array_equal(np.load(io.BytesIO(body_of(answer))), expected)


def test_where_every_key_fails_there_is_no_body(invoke):
    answer = invoke(bucket="photos", keys=["missing.jpg", "cut.jpg"], spec=SPEC)
    assert (answer["statusCode"], answer["keys"], len(answer["errors"])) == (200, [], 2)
    assert "body" not in answer


def test_a_large_batch_is_put_aside_and_fetched(invoke, photos):
    keys = KEYS * 10
    answer = invoke(bucket="photos", keys=keys, pipeline="imagenet-uint8")
    assert (answer["statusCode"], answer["keys"]) == (307, keys)
    with urllib.request.urlopen(answer["headers"]["Location"]) as response:
        assert response.headers["Content-Type"] == answer["headers"]["Content-Type"]
        array = np.load(io.BytesIO(response.read()))
    pipeline = Pipeline.parse("resize:256/center_crop:224/npy")
    np.testing.assert_array_equal(array, pipeline.batch([photos[key] for key in keys]))


def test_what_is_too_large_to_be_put_aside_is_refused(invoke):
    answer = invoke(bucket="photos", keys=KEYS * 250, pipeline="imagenet")
    assert (answer["statusCode"], answer["errorCode"]) == (413, "ResponseTooLarge")
    assert re.search(r"ask for 7\d\d keys", answer["errorMessage"])


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"bucket": "large", "key": "a"}, "BucketNotAllowed"),
        ({"bucket": "photos", "keys": []}, "InvalidEvent"),
        ({"bucket": "photos", "keys": ["a"], "spec": "resize:8/npy"}, "InvalidPipeline"),
        ({"bucket": "photos", "key": "\ud800"}, "InvalidEvent"),
    ],
)
def test_what_is_wrong_says_so_and_the_worker_lives_on(invoke, event, code):
    assert invoke(**event)["errorCode"] == code
    assert invoke(bucket="photos", key="rocket.jpg", spec=SPEC)["statusCode"] == 200


# The page


def blocks():
    return re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_what_the_page_shows_runs(direct, photos, capsys):
    names: dict[str, object] = {}
    for block in blocks():
        exec(block.replace("http://127.0.0.1:9000", direct.url), names)
    pipeline = Pipeline.parse("resize:256/center_crop:224/npy")
    np.testing.assert_array_equal(names["image"], pipeline(photos["rocket.jpg"]))
    assert names["read"] == ["rocket.jpg", "coffee.jpg"]
    expected = pipeline.batch([photos["rocket.jpg"], photos["coffee.jpg"]])
    np.testing.assert_array_equal(names["images"], expected)
    assert "missing.jpg NoSuchKey" in capsys.readouterr().out
    batch = names["batch"]
    assert callable(batch)
    keys, images = batch(KEYS * 8 + KEYS)
    assert (len(keys), images.shape) == (36, (36, 3, 224, 224))
    assert batch(["missing.jpg"]) == ([], None)


def test_the_page_shows_the_committed_measurement():
    """`python -m bench.doors.invoke` measures, and writes both."""
    assert bench.page(PAGE, json.loads(bench.DATA.read_text())) == PAGE
