"""The image, invoked with one key and with many, through the endpoint and directly."""

from __future__ import annotations

import base64
import io
import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from jitprep.emulator.sockets import bridge_address
from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint
from preprocessing import Pipeline, ShardPipeline
from tests.preprocessing.shards.archives import shard

from .harness import container, free_port, jitprep_up
from .reader import BUCKET, Reader

SPEC = "resize:256/center_crop:224/npy"
Invoke = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module", params=["by the endpoint", "by the emulator in the image"])
def invoke(
    request: pytest.FixtureRequest,
    function_image: str,
    photos: Mapping[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Invoke]:
    """Invoke one locked-down container that may read one bucket."""
    port = free_port()
    # This machine's address on the bridge, at which the container and this test reach the endpoint.
    environment = {
        "AWS_ENDPOINT_URL": f"http://{bridge_address()}:{port}",
        "JITPREP_BUCKETS": f"photos={BUCKET}",
        "JITPREP_SPILL": f"{BUCKET}/large",
    }
    options = (
        *("-p", "127.0.0.1::8080", "--read-only", "--tmpfs", "/tmp"),
        *(word for item in environment.items() for word in ("--env", "=".join(item))),
    )
    log = tmp_path_factory.mktemp("invoke") / "log"
    with container(function_image, *options) as function:
        function.wait_until_it_listens()
        with jitprep_up(log, port, "--function", f"preprocess={function.url}") as url:
            Reader(url).put({**photos, "train.tar": shard(photos)})
            client = LocalObjectLambda(RunningEndpoint(url)).client("lambda")

            def call(**event: Any) -> dict[str, Any]:
                payload = json.dumps({"bucket": "photos", "spec": SPEC, **event}).encode()
                if request.param == "by the endpoint":
                    answer = client.invoke(FunctionName="preprocess", Payload=payload)
                    assert "FunctionError" not in answer
                    payload = answer["Payload"].read()
                else:
                    payload = function.invoke(payload)
                return json.loads(payload)

            yield call


def rows(photos: Mapping[str, bytes], keys: list[str]) -> Any:
    return Pipeline.parse(SPEC).batch([photos[key] for key in keys])


def test_one_key_and_many_are_what_the_library_makes(
    invoke: Invoke, photos: Mapping[str, bytes]
) -> None:
    keys = [*photos]
    one = invoke(key=keys[0])
    assert base64.b64decode(one["body"]) == Pipeline.parse(SPEC).encode(photos[keys[0]]).body
    many = invoke(keys=["missing.jpg", *keys])
    assert (many["statusCode"], many["keys"]) == (200, keys), many["errors"]
    assert [error["errorCode"] for error in many["errors"]] == ["NoSuchKey"]
    array = np.load(io.BytesIO(base64.b64decode(many["body"])))
    np.testing.assert_array_equal(array, rows(photos, keys))


def test_what_lambda_cannot_carry_is_put_aside(invoke: Invoke, photos: Mapping[str, bytes]) -> None:
    keys = [*photos] * 8
    answer = invoke(keys=keys)
    assert (answer["statusCode"], answer["keys"]) == (307, keys)
    with urllib.request.urlopen(answer["headers"]["Location"]) as response:
        array = np.load(io.BytesIO(response.read()))
    np.testing.assert_array_equal(array, rows(photos, keys))


def test_it_reads_no_other_bucket(invoke: Invoke) -> None:
    assert invoke(bucket=BUCKET, key="rocket.jpg")["errorCode"] == "BucketNotAllowed"


def test_a_shard(invoke: Invoke, photos: Mapping[str, bytes]) -> None:
    answer = invoke(key="train.tar", spec=f"tar/{SPEC}")
    made = b"".join(ShardPipeline.parse(f"tar/{SPEC}").encode(shard(photos)))
    assert base64.b64decode(answer["body"]) == made
