"""Shards through the function's doors: an access point streams, a URL and Invoke answer what fits."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError

from preprocessing import Seed, ShardPipeline
from tests.paths import ROOT
from tests.preprocessing.shards.archives import shard, unpacked

from ..support.http_client import asker, code

SPEC = "tar/resize:40/center_crop:32/npy"
DRAWN = "tar/random_resized_crop:32/npy"
SKIPS = "tar:on_bad=skip/resize:40/center_crop:32/npy"
LARGE = "tar/resize:400,400/normalize:imagenet/npy"
COUNT = 24


@pytest.fixture(scope="module")
def archives(photos: Mapping[str, bytes]) -> Mapping[str, bytes]:
    bodies = [photos[name] for name in ("rocket.jpg", "coffee.jpg", "chelsea.jpg")]
    samples = {
        name: body
        for number in range(COUNT)
        for name, body in (
            (f"{number:04d}.cls", str(number).encode()),
            (f"{number:04d}.jpg", bodies[number % 3]),
        )
    }
    return {
        "train.tar": shard(samples),
        "bad.tar": shard({**samples, "0009.jpg": bodies[0][:9000]}),
        "first.tar": shard({"a.jpg": b"\xff\xd8\xff", **samples}),
    }


@pytest.fixture(scope="module")
def started(
    object_lambda_endpoint: Callable[..., Any],
    archives: Mapping[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    presets = tmp_path_factory.mktemp("presets") / "presets.toml"
    text = (ROOT / "jitprep/service/presets.toml").read_text()
    presets.write_text(f'{text}small-shard = "{SPEC}"\nlarge-shard = "{LARGE}"\n')
    endpoint = object_lambda_endpoint(
        task_root=ROOT,
        workers=2,
        worker_env={
            "JITPREP_BUCKETS": "shards",
            "JITPREP_REQUEST_OVERRIDES": "pipeline,seed",
            "JITPREP_PRESETS": str(presets),
        },
    )
    s3 = endpoint.client("s3")
    s3.create_bucket(Bucket="shards")
    for key, body in archives.items():
        s3.put_object(Bucket="shards", Key=key, Body=body)
    return endpoint


@pytest.fixture(scope="module")
def alias(started: Any) -> Callable[[str], str]:
    made: dict[str, str] = {}

    def access_point(spec: str) -> str:
        if spec not in made:
            payload = json.dumps({"spec": spec})
            made[spec] = started.create_access_point(
                f"shards-{len(made)}",
                "shards",
                payload=payload,
                actions=("GetObject", "HeadObject", "ListObjectsV2"),
                features=("GetObject-Range", "HeadObject-Range"),
            )
        return made[spec]

    return access_point


def expected(spec: str, archive: bytes, seed: Seed | int = 0) -> bytes:
    return b"".join(ShardPipeline.parse(spec).encode(archive, seed=seed))


@pytest.mark.parametrize("spec", [SPEC, DRAWN, LARGE])
def test_an_access_point_gives_what_the_library_makes(started, alias, archives, spec) -> None:
    got = started.client("s3").get_object(Bucket=alias(spec), Key="train.tar")
    body = got["Body"].read()
    etag = got["Metadata"]["jitprep-source-etag"]
    assert body == expected(spec, archives["train.tar"], Seed(0, "train.tar", etag))
    assert got["ContentType"] == "application/x-tar"
    assert "ContentLength" not in got["ResponseMetadata"]["HTTPHeaders"]


def test_heads_and_parts(started, alias, archives) -> None:
    s3, whole = started.client("s3"), expected(SPEC, archives["train.tar"])
    assert s3.head_object(Bucket=alias(SPEC), Key="train.tar")["ContentLength"] == len(whole)
    got = s3.get_object(Bucket=alias(SPEC), Key="train.tar", Range="bytes=7000-90000")
    assert got["Body"].read() == whole[7000:90001]
    listed = s3.list_objects_v2(Bucket=alias(SPEC))["Contents"]
    assert {one["Key"] for one in listed} == set(archives)


def test_downloads_in_parts(started, alias, archives, tmp_path) -> None:
    """boto3's transfers ask for the size, and for large objects for parts."""
    from boto3.s3.transfer import TransferConfig

    small = TransferConfig(multipart_threshold=2**16, multipart_chunksize=2**16)
    path = tmp_path / "train.tar"
    started.client("s3").download_file(alias(SPEC), "train.tar", str(path), Config=small)
    assert path.read_bytes() == expected(SPEC, archives["train.tar"])


def test_what_fails_in_the_middle_reaches_the_client(started, alias) -> None:
    got = started.client("s3").get_object(Bucket=alias(LARGE), Key="bad.tar")
    with pytest.raises((IncompleteReadError, ResponseStreamingError, ConnectionError)):
        got["Body"].read()


def test_what_fails_at_the_beginning_has_a_code(started, alias, archives) -> None:
    s3 = started.client("s3")
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=alias(SPEC), Key="first.tar")
    assert caught.value.response["Error"]["Code"] == "CorruptObject"
    made = unpacked(s3.get_object(Bucket=alias(SKIPS), Key="bad.tar")["Body"].read())
    assert json.loads(made[-1][1])["skipped"] == 1


def test_the_first_sample_leaves_early(started, alias) -> None:
    """The rest takes much longer than the first piece."""
    got, begin = started.client("s3").get_object(Bucket=alias(LARGE), Key="train.tar"), time.time()
    got["Body"].read(1024)
    first = time.time() - begin
    got["Body"].read()
    assert first < (time.time() - begin) / 2


@pytest.fixture(scope="module")
def invoke(started: Any) -> Callable[..., Any]:
    client = started.client("lambda")

    def call(**event: Any) -> Any:
        answer = client.invoke(FunctionName="preprocess", Payload=json.dumps(event))
        assert "FunctionError" not in answer
        return json.load(answer["Payload"])

    return call


def test_invoke_answers_what_fits(invoke, archives) -> None:
    answer = invoke(bucket="shards", key="train.tar", spec=SPEC)
    assert base64.b64decode(answer["body"]) == expected(SPEC, archives["train.tar"])
    answer = invoke(bucket="shards", key="train.tar", spec=LARGE)
    assert (answer["statusCode"], answer["errorCode"]) == (413, "ResponseTooLarge")
    assert "read it as a stream" in answer["errorMessage"]
    answer = invoke(bucket="shards", keys=["train.tar"], spec=SPEC)
    assert answer["errorCode"] == "InvalidPipeline"


def test_a_function_url_answers_what_fits(started, archives) -> None:
    ask = asker(started.function_url(), urllib3.PoolManager())
    whole = expected(SPEC, archives["train.tar"])
    small = {"pipeline": "small-shard"}
    assert ask("/shards/train.tar", **small).data == whole
    head = ask("/shards/train.tar", "HEAD", **small)
    assert head.headers["content-length"] == str(len(whole))
    part = ask("/shards/train.tar", headers={"Range": "bytes=600-700"}, **small)
    assert (part.status, part.data) == (206, whole[600:701])
    assert code(ask("/shards/train.tar", pipeline="large-shard")) == (413, "ResponseTooLarge")
    assert code(ask("/shards/bad.tar", **small)) == (400, "CorruptObject")
