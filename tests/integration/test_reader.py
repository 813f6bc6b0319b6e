"""Readers through every door: real clients, the endpoint, workers and our handler."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from obstore.store import S3Store

from jitprep.reader import BadObject, Reader, Refused, open_reader
from jitprep.reader.transport import aws, stores
from preprocessing import Pipeline, Seed

from ..paths import ROOT
from .conftest import ACTIONS

CROPS = "random_resized_crop:64/random_horizontal_flip/npy"
GRAY = "grayscale/resize:32,32/png"
IMAGENET = "resize:256/center_crop:224/normalize:imagenet/safetensors"
LARGE = "resize:1700,1700/npy"  # 8.7 MB, more than Lambda lets through
PRESETS = {"crops": CROPS, "gray": GRAY, "imagenet": IMAGENET, "large": LARGE}
DOORS = ("alias", "arn", "url", "invoke", "invoke a preset", "originals")
BAD = {"cut.jpg": "CorruptObject", "words.jpg": "UnknownFormat", "empty.jpg": "EmptyObject"}
KEYS = ("train/rocket.jpg", "train/deep/er/coffee & crème +100%?#.jpg", "train/astronaut.jpg")


@pytest.fixture(scope="module")
def bucket(photos) -> Mapping[str, bytes]:
    objects = dict(
        zip(KEYS, (photos[k] for k in ("rocket.jpg", "coffee.jpg", "astronaut.jpg")), strict=True)
    )
    return objects | {
        "cut.jpg": photos["rocket.jpg"][:20_000],
        "words.jpg": b"words",
        "empty.jpg": b"",
    }


@pytest.fixture(scope="module")
def open_door(
    object_lambda_endpoint: Callable[..., Any], bucket, tmp_path_factory
) -> Callable[..., Reader]:
    """Return a function that opens a door on the bucket, for one of the presets."""
    scratch = tmp_path_factory.mktemp("doors")
    table = "".join(f"{name} = {json.dumps(spec)}\n" for name, spec in PRESETS.items())
    (scratch / "presets.toml").write_text(f'default = "crops"\n[presets]\n{table}')
    local = object_lambda_endpoint(
        task_root=ROOT,
        workers=2,
        worker_env={
            "JITPREP_PRESETS": str(scratch / "presets.toml"),
            "JITPREP_BUCKETS": "pictures=photos",
            "JITPREP_SPILL": "aside/large",
            "JITPREP_REQUEST_OVERRIDES": "seed,pipeline",
        },
    )
    s3 = local.client("s3")
    for name in ("photos", "aside"):
        s3.create_bucket(Bucket=name)
    for key, body in bucket.items():
        s3.put_object(Bucket="photos", Key=key, Body=body)
        (scratch / "photos" / key).parent.mkdir(parents=True, exist_ok=True)
        (scratch / "photos" / key).write_bytes(body)
    s3.put_object(Bucket="photos", Key="train/deep/", Body=b"")  # as S3's console creates folders
    aliases = {
        name: local.create_access_point(
            name, "photos", payload=json.dumps({"pipeline": name}), actions=ACTIONS
        )
        for name in PRESETS
    }
    settings = local.endpoint.config
    point = f"arn:aws:s3-object-lambda:{settings.region}:{settings.account}:accesspoint"

    def opened(door: str, preset: str, **options: Any) -> Reader:
        at = {"endpoint_url": local.url, **options}
        spec = PRESETS[preset]
        match door:
            case "alias":
                return open_reader(f"s3://{aliases[preset]}", **at)
            case "arn":
                return open_reader(f"{point}/{preset}", **at)
            case "url":
                return open_reader(f"{local.function_url()}/pictures", preset=preset, **options)
            case "invoke":
                return open_reader("lambda:preprocess/pictures", pipeline=spec, **at)
            case "invoke a preset":
                return open_reader("lambda:preprocess/pictures", preset=preset, **at)
            case "originals":
                return open_reader("s3://photos", pipeline=spec, **at)
        return open_reader(f"file:{scratch}/photos", pipeline=spec, **options)

    return opened


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.mark.parametrize("door", [*DOORS, "folder"])
@pytest.mark.parametrize("preset", PRESETS)
def test_every_door_gives_the_pipelines_own_arrays(open_door, bucket, door, preset):
    reader, pipeline = open_door(door, preset, seed=3), Pipeline.parse(PRESETS[preset])
    expected = [pipeline(bucket[key], seed=Seed(3, key)) for key in KEYS]
    np.testing.assert_array_equal(reader.get(KEYS[1]), expected[1], strict=True)
    batch = reader.get_batch(KEYS)
    np.testing.assert_array_equal(batch, np.stack(expected), strict=True)
    assert batch.flags.writeable


@pytest.mark.parametrize("door", [*DOORS, "folder"])
@pytest.mark.parametrize("preset", ["crops", "gray", "large"])
def test_every_door_gives_the_geometry(open_door, bucket, door, preset):
    reader, pipeline = open_door(door, preset, seed=3), Pipeline.parse(PRESETS[preset])
    key, seed = KEYS[1], Seed(3, KEYS[1])
    array, geometry = reader.get(key, geometry=True)
    np.testing.assert_array_equal(array, pipeline(bucket[key], seed=seed), strict=True)
    assert geometry == pipeline.geometry(bucket[key], seed=seed)


@pytest.mark.parametrize("door", [*DOORS, "folder"])
def test_every_door_draws_anew_with_each_epoch(open_door, bucket, door):
    reader, pipeline = open_door(door, "crops"), Pipeline.parse(CROPS)
    for epoch in (0, 1, 2**63 - 1):
        expected = pipeline(bucket[KEYS[0]], seed=Seed(epoch, KEYS[0]))
        np.testing.assert_array_equal(reader.with_seed(epoch).get(KEYS[0]), expected)


@pytest.mark.parametrize("door", [*DOORS, "folder"])
def test_every_door_lists_the_same_keys(open_door, bucket, door):
    reader = open_door(door, "crops")
    assert list(reader.keys()) == sorted(bucket, key=str.encode)
    assert list(reader.keys("train/deep/er/coffee &")) == [KEYS[1]]
    assert list(reader.keys("nothing/")) == []


@pytest.mark.parametrize("door", [*DOORS, "folder"])
def test_every_door_says_the_same_of_bad_objects(open_door, door):
    reader = open_door(door, "crops")
    codes = BAD | {"missing.jpg": "NoSuchKey"}
    read = reader.get_each([KEYS[0], *codes])
    assert isinstance(read.pop(KEYS[0]), np.ndarray)
    assert all(isinstance(error, BadObject) for error in read.values())
    assert {key: error.code for key, error in read.items()} == codes
    with pytest.raises(BadObject, match=r"cut\.jpg: CorruptObject"):
        reader.get("cut.jpg")


def test_a_listing_has_as_many_pages_as_it_needs(open_door, object_lambda_endpoint):
    local = object_lambda_endpoint(
        task_root=ROOT, workers=1, worker_env={"JITPREP_BUCKETS": "many-keys"}
    )
    local.client("s3").create_bucket(Bucket="many-keys")
    keys = sorted(f"{number:04} +é" for number in range(1001))
    at = {"endpoint": local.url, "client_options": {"allow_http": True}}
    bucket = S3Store("many-keys", **at)  # a sixth of boto3's processor time
    for key in keys:
        bucket.put(key, b"x", use_multipart=False)
    alias = local.create_access_point("many-keys", "many-keys", actions=ACTIONS)
    at = {"endpoint_url": local.url}
    for reader in (
        open_reader(f"s3://{alias}", **at),
        open_reader("s3://many-keys", **at),
        open_reader(f"{local.function_url()}/many-keys"),
        open_reader("lambda:preprocess/many-keys", **at),
        open_reader("s3://many-keys", pipeline=CROPS, **at),
    ):
        assert list(reader.keys()) == keys


@pytest.mark.parametrize("door", ["url", "invoke"])
def test_a_bucket_that_is_not_allowed_is_refused(open_door, door):
    reader = open_door(door, "crops")
    name = {"url": "url", "invoke": "bucket"}[door]
    value = getattr(reader, name).removesuffix("pictures") + "photos"
    with pytest.raises(Refused, match="BucketNotAllowed"):
        replace(reader, **{name: value}).get(KEYS[0])


def test_a_wrong_secret_is_refused(open_door, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    forgets = (aws._client.cache_clear, aws._identity.cache_clear, stores.forget_stores)
    for forget in forgets:
        forget()
    for door in DOORS:
        with pytest.raises(Refused, match=r"\(403\)"):
            open_door(door, "crops").get(KEYS[0])
    for forget in forgets:
        forget()


def test_results_that_a_bucket_holds_are_read_as_they_are(open_door, bucket):
    made = Pipeline.parse(IMAGENET).encode(bucket[KEYS[0]])
    url = open_door("alias", "crops").endpoint_url
    stored = open_reader("s3://aside", endpoint_url=url)
    stored._client.put_object(Bucket="aside", Key="results/rocket", Body=bytes(made.body))
    np.testing.assert_array_equal(
        stored.get("results/rocket"), Pipeline.parse(IMAGENET)(bucket[KEYS[0]]), strict=True
    )


def test_readers_survive_fork_and_spawn(open_door, tmp_path):
    """In a separate program, because forking this process would copy the endpoint's threads."""
    readers = [open_door(door, "crops", seed=3) for door in DOORS]
    (tmp_path / "readers.pickle").write_bytes(pickle.dumps(readers))
    program = [sys.executable, "-W", "error", str(Path(__file__).parent / "support/forking.py")]
    done = subprocess.run(
        [*program, str(tmp_path / "readers.pickle"), *KEYS],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = hashlib.sha256(readers[0].get_batch(KEYS).tobytes()).hexdigest()
    told = {"here": expected, "fork": expected, "spawn": expected, "here again": expected}
    assert json.loads(done.stdout) == [told] * len(DOORS)


def test_the_pages_blocks_run(open_door, monkeypatch):
    """Except for the one that trains, which `tests/torch` runs."""
    page = (ROOT / "docs/training/reader.md").read_text(encoding="utf-8")
    code = "".join(
        text for text in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "torch" not in text
    )
    places = {
        "s3://imagenet-a1b2c3--ol-s3": f"s3://{open_door('alias', 'crops').bucket}",
        "accesspoint/imagenet": "accesspoint/crops",
        "https://abcdefg.lambda-url.us-east-1.on.aws/photos": open_door("url", "crops").url,
        "imagenet-uint8": "crops",
        "preprocess/photos": "preprocess/pictures",
        "file:photos": f"file:{open_door('folder', 'crops').path}",
    }
    for there, here in places.items():
        assert there in code
        code = code.replace(there, here)
    monkeypatch.setenv("AWS_ENDPOINT_URL", open_door("alias", "crops").endpoint_url)
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["many"].shape == (3, 3, 64, 64)
    assert sorted(names["keys"]) == sorted(KEYS)
    assert names["bad"] == {"train/missing.jpg": "NoSuchKey"}
    expected = names["photos"].get(KEYS[0])
    for door in ("by_arn", "by_url"):
        np.testing.assert_array_equal(names[door].get(KEYS[0]), expected)
    invoked = names["invoked"].get_batch(KEYS)
    np.testing.assert_array_equal(invoked, names["local"].get_batch(KEYS))


@pytest.mark.parametrize("door", DOORS)
def test_any_key_is_the_key_that_is_asked_for(open_door, bucket, door, photos):
    """A folder's file names cannot contain all of these characters."""
    url = open_door("alias", "crops").endpoint_url
    s3 = open_reader("s3://photos", endpoint_url=url)._client
    pipeline, reader = Pipeline.parse(CROPS), open_door(door, "crops")
    odd = [
        "/lead",
        "a//b",
        "tail/",
        "a:b;c=d@!$'()*,[]~",
        "%2F+ %",
        "ключ/鍵",
        "?seed=3",
        "-",
        "a\\b",
    ]
    for key in odd:
        s3.put_object(Bucket="photos", Key=key, Body=photos["rocket.jpg"])
    try:
        read = reader.get_each(odd)
    finally:
        for key in odd:
            s3.delete_object(Bucket="photos", Key=key)
    for key in odd:
        expected = pipeline(photos["rocket.jpg"], seed=Seed(0, key))
        np.testing.assert_array_equal(read[key], expected, err_msg=key)
