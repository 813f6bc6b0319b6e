"""Sound, text and video through every door: the library's bytes, and their headers."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import urllib3

from jitprep.service.results.derived_object import provenance
from preprocessing import Pipeline, Seed
from tests.media import PIPELINES, objects, of_kind

from ..paths import ROOT
from .conftest import ACTIONS, FEATURES
from .support.http_client import asker
from .test_batch_operations import run

CASES = [(name, key) for name in PIPELINES for key in of_kind(name)]
BUCKET = "media"


@pytest.fixture(scope="module")
def local(object_lambda_endpoint, tmp_path_factory) -> Any:
    """Endpoint whose function may read a bucket with objects of each kind, and write another."""
    presets = tmp_path_factory.mktemp("presets") / "presets.toml"
    presets.write_text(
        'default = "sound-fixed"\n[presets]\n'
        + "".join(f'{name} = "{spec}"\n' for name, spec in PIPELINES.items())
    )
    settings = {
        "JITPREP_PRESETS": str(presets),
        "JITPREP_BUCKETS": BUCKET,
        "JITPREP_OUTPUTS": "copies",
        "JITPREP_REQUEST_OVERRIDES": "pipeline",
    }
    started = object_lambda_endpoint(task_root=ROOT, workers=2, worker_env=settings)
    s3 = started.client("s3")
    for bucket in (BUCKET, "copies", "jobs"):
        s3.create_bucket(Bucket=bucket)
    for key, body in objects().items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return started


@pytest.fixture(scope="module")
def aliases(local) -> dict[str, str]:
    return {
        name: local.create_access_point(
            name,
            BUCKET,
            payload=json.dumps({"pipeline": name}),
            actions=ACTIONS,
            features=FEATURES,
        )
        for name in PIPELINES
    }


def expected(name: str, key: str) -> Any:
    return Pipeline.parse(PIPELINES[name]).encode(objects()[key], seed=Seed(0, key))


@pytest.mark.parametrize(("name", "key"), CASES)
def test_an_access_point_gives_it_whole_in_parts_and_by_head(local, aliases, name, key):
    s3, made = local.client("s3"), expected(name, key)
    body = bytes(made.body)
    told = s3.head_object(Bucket=aliases[name], Key=key)
    whole = s3.get_object(Bucket=aliases[name], Key=key)
    assert whole["Body"].read() == body
    described = provenance(made.metadata)
    assert whole["Metadata"].items() >= described.items()
    described.pop("jitprep-geometry", None)  # HEAD has it only where it must read the original
    for answer in (told, whole):
        assert answer["ContentLength"] == len(body)
        assert answer["ContentType"] == made.content_type
        assert answer["Metadata"].items() >= described.items()
        assert answer["ETag"] == whole["ETag"]
    middle = len(body) // 2
    for first, last in ((0, middle), (middle + 1, len(body) - 1)):
        part = s3.get_object(Bucket=aliases[name], Key=key, Range=f"bytes={first}-{last}")
        assert part["Body"].read() == body[first : last + 1]
    listed = s3.list_objects_v2(Bucket=aliases[name], Prefix=key)["Contents"][0]
    assert listed["ETag"] == whole["ETag"]
    if Pipeline.parse(PIPELINES[name]).output.nbytes is not None:
        assert listed["Size"] == len(body)


def test_http_gives_the_same_bytes(local):
    ask = asker(local.function_url(), urllib3.PoolManager())
    for name, key in CASES:
        answer = ask(f"/{BUCKET}/{key}", pipeline=name)
        assert (answer.status, answer.data) == (200, bytes(expected(name, key).body)), answer.data


def test_invoke_gives_the_same_bytes(local):
    client = local.client("lambda")
    for name, key in CASES:
        event = {"bucket": BUCKET, "key": key, "pipeline": name}
        answer = json.load(
            client.invoke(FunctionName="preprocess", Payload=json.dumps(event))["Payload"]
        )
        body = answer["body"]
        got = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        assert got == expected(name, key).body


@pytest.mark.parametrize("name", [name for name in PIPELINES if name.endswith("fixed")])
def test_a_batch_stacks_them(local, name):
    keys = list(of_kind(name))
    event = {"bucket": BUCKET, "keys": keys, "pipeline": name}
    answer = json.load(
        local.client("lambda").invoke(FunctionName="preprocess", Payload=json.dumps(event))[
            "Payload"
        ]
    )
    assert (answer["keys"], answer.get("errors", [])) == (keys, [])
    rows = Pipeline.parse(PIPELINES[name]).batch([objects()[key] for key in keys])
    assert base64.b64decode(answer["body"])[-rows.nbytes :] == rows.tobytes()


@pytest.mark.parametrize("name", PIPELINES)
def test_batch_operations_store_the_same_bytes(local, name):
    keys = list(of_kind(name))
    arguments = {"pipeline": name, "to": f"s3://copies/{name}"}
    job, told = run(local, [(BUCKET, key) for key in keys], arguments)
    assert job["Status"] == "Complete", told
    s3 = local.client("s3")
    for key in keys:
        stored = s3.get_object(Bucket="copies", Key=f"{name}/{key}")
        assert stored["Body"].read() == bytes(expected(name, key).body), told


def test_an_object_of_another_kind_is_refused_with_its_remedy(local, aliases):
    s3 = local.client("s3")
    with pytest.raises(s3.exceptions.ClientError) as raised:
        s3.get_object(Bucket=aliases["video-fixed"], Key="sound/tone.wav")
    error = raised.value.response["Error"]
    assert error["Code"] == "IncompatibleObject"
    assert "video:skip/" in error["Message"]
