"""Video through an access point, which reads only the bytes that its frames need."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from preprocessing import Pipeline, Seed
from tests.preprocessing.support.clips import sound_alone, write

from ..paths import ROOT
from .conftest import FEATURES

SPEC = "sample_frames:4/resize:32,32/npy"
CLIP = "clips/noise.mp4"


@pytest.fixture(scope="module")
def film() -> bytes:
    """A clip of noise, several megabytes long."""
    noise = np.random.default_rng(1).integers(0, 255, (240, 96, 128, 3), np.uint8)
    return write(frames=noise, options={"crf": "10", "preset": "ultrafast"}, gop=6)


@pytest.fixture(scope="module")
def setup(object_lambda_endpoint: Callable[..., Any], film: bytes) -> Any:
    """Endpoint with one worker, its log, and a bucket of videos."""
    log = io.StringIO()
    local = object_lambda_endpoint(
        task_root=ROOT,
        workers=1,
        output=log,
        worker_env={
            "JITPREP_BUCKETS": "films",
            "JITPREP_OUTPUTS": "copies",
            "JITPREP_REQUEST_OVERRIDES": "seed",
        },
    )
    s3 = local.client("s3")
    for bucket in ("films", "copies"):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket="films", Key=CLIP, Body=film)
    s3.put_object(Bucket="films", Key="sound.mp4", Body=sound_alone())
    s3.put_object(Bucket="films", Key="cut.mp4", Body=film[: len(film) // 2])
    return local, log


def alias_of(local: Any, name: str, spec: str) -> str:
    return local.create_access_point(
        name,
        "films",
        payload=json.dumps({"spec": spec}),
        actions=("GetObject", "HeadObject", "ListObjectsV2"),
        features=FEATURES,
    )


def lines_of(log: io.StringIO, count: int) -> list[dict[str, Any]]:
    """Wait for a number of lines in the worker's log, which it writes after it has answered."""
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        lines = [line.partition("{") for line in log.getvalue().splitlines()]
        if len(lines) >= count:
            return [json.loads(brace + rest) for _, brace, rest in lines]
        time.sleep(0.01)
    raise AssertionError(log.getvalue())


def test_far_fewer_bytes_are_read_than_the_object_has(setup, film):
    local, log = setup
    s3, alias = local.client("s3"), alias_of(local, "sampled", SPEC)
    before = len(lines_of(log, 0))
    head = s3.head_object(Bucket=alias, Key=CLIP)
    read = s3.get_object(Bucket=alias, Key=CLIP)
    expected = Pipeline.parse(SPEC).encode(film)
    assert read["Body"].read() == expected.body
    assert read["ETag"] == head["ETag"]
    assert head["ContentLength"] == len(expected.body)
    line = lines_of(log, before + 2)[-1]
    assert (line["status"], line["key"]) == (200, CLIP)
    assert 2**16 < line["bytesIn"] < len(film) / 3
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=alias, Key=CLIP, IfNoneMatch=head["ETag"])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 304
    part = s3.get_object(Bucket=alias, Key=CLIP, Range="bytes=100-199", IfMatch=head["ETag"])
    assert part["Body"].read() == expected.body[100:200]


@pytest.mark.parametrize("spec", ["sample_fps:1/resize:32,32/mp4", "key_frames:most=6/jpeg"])
def test_a_size_that_is_unknown_before_reading_is_reported_correctly(setup, film, spec):
    local, _ = setup
    s3 = local.client("s3")
    alias = alias_of(local, f"made-{spec.partition('/')[2][-3:]}", spec)
    head = s3.head_object(Bucket=alias, Key=CLIP)
    read = s3.get_object(Bucket=alias, Key=CLIP)
    body = read["Body"].read()
    assert body == Pipeline.parse(spec).encode(film).body
    assert (head["ContentLength"], head["ContentType"]) == (len(body), read["ContentType"])


def test_random_steps_draw_from_the_etag_and_read_nothing_more(setup, film):
    spec = f"sample_frames:4/random_resized_crop:32/{SPEC.rpartition('/')[2]}"
    local, log = setup
    s3, alias = local.client("s3"), alias_of(local, "random", spec)
    etag = s3.head_object(Bucket="films", Key=CLIP)["ETag"]
    before = len(lines_of(log, 0))
    read = s3.get_object(Bucket=alias, Key=CLIP)["Body"].read()
    assert read == Pipeline.parse(spec).encode(film, seed=Seed(0, CLIP, etag)).body
    assert lines_of(log, before + 1)[-1]["bytesIn"] < len(film) / 3


def test_many_videos_are_one_tensor(setup, film):
    local, _ = setup
    event = {"bucket": "films", "keys": [CLIP, "sound.mp4", CLIP], "spec": SPEC}
    answer = local.client("lambda").invoke(
        FunctionName="preprocess", Payload=json.dumps(event).encode()
    )
    told = json.loads(answer["Payload"].read())
    tensor = np.load(io.BytesIO(base64.b64decode(told["body"])))
    one = Pipeline.parse(SPEC)(film)
    np.testing.assert_array_equal(tensor, np.stack([one, one]))


def test_bad_videos_have_codes_of_their_own(setup):
    local, _ = setup
    s3, alias = local.client("s3"), alias_of(local, "bad", SPEC)
    for key, code in (("sound.mp4", "IncompatibleObject"), ("cut.mp4", "CorruptObject")):
        with pytest.raises(ClientError) as caught:
            s3.get_object(Bucket=alias, Key=key)
        assert caught.value.response["Error"]["Code"] == code
