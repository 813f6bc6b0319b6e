"""Streamed answers through the endpoint and a worker with our own runtime client, by every client."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from jitprep.reader import Unavailable, open_reader
from jitprep.reader.transport import retry
from preprocessing import Pipeline, ShardPipeline
from tests.paths import ROOT

from .conftest import CLIENTS, PRESETS, Broken

SPEC = "resize:256/center_crop:224/npy"


def made(archive: bytes, preset: str) -> Iterator[bytes]:
    return ShardPipeline.parse(PRESETS[preset]).encode(archive)


@pytest.mark.parametrize("client", CLIENTS)
def test_every_client_reads_what_the_library_makes(client, signed, photos, archives):
    large = Pipeline.parse(PRESETS["large"]).encode(photos["rocket.jpg"]).body
    assert len(large) > 3 * 6 * 2**20
    assert client(*signed("/photos/rocket.jpg", pipeline="large")) == large
    whole = b"".join(made(archives["train.tar"], "shard"))
    assert client(*signed("/shards/train.tar", pipeline="shard")) == whole


@pytest.mark.parametrize("client", CLIENTS)
def test_every_client_notices_what_fails_midway(client, signed):
    with pytest.raises(Broken):
        client(*signed("/shards/cut.tar", pipeline="shard"))


def test_heads_and_errors_are_those_of_s3(signed, pool, photos):
    def ask(path: str, method: str = "GET", **query: str) -> Any:
        url, headers = signed(path, method, **query)
        return pool.request(method, url, headers=headers, retries=False)

    got = ask("/photos/rocket.jpg")
    head = ask("/photos/rocket.jpg", "HEAD")
    assert (head.status, head.data) == (200, b"")
    assert int(head.headers["content-length"]) == len(got.data)
    assert head.headers["etag"] == got.headers["etag"]
    assert "content-length" not in got.headers
    missing = ask("/photos/none.jpg")
    assert (missing.status, ET.fromstring(missing.data).findtext("Code")) == (404, "NoSuchKey")
    listed = ET.fromstring(ask("/photos", **{"list-type": "2"}).data)
    assert {key.text for key in listed.iterfind("{*}Contents/{*}Key")} == set(photos)


def invoke(function: Any, **event: Any) -> tuple[dict[str, Any], bytes, Mapping[str, str]]:
    """Return the head and the body that boto3 reads, and how the stream ended."""
    answer = function.invoke_with_response_stream(
        FunctionName="preprocess", Payload=json.dumps({**event, "stream": True})
    )
    payload, end = b"", None
    for part in answer["EventStream"]:
        payload += part.get("PayloadChunk", {}).get("Payload", b"")
        end = part.get("InvokeComplete", end)
    head, separator, body = payload.partition(bytes(8))
    assert separator
    return json.loads(head), body, end


def test_boto3_reads_a_batch_and_a_shard(function, photos, archives):
    keys = [*photos, *photos, "rocket.jpg"]
    assert len(keys) == 41
    head, body, end = invoke(function, bucket="photos", keys=keys, spec=SPEC)
    pipeline = Pipeline.parse(SPEC)
    rows = np.stack([pipeline(photos[key]) for key in keys])
    np.testing.assert_array_equal(np.load(io.BytesIO(body)), rows)
    assert (head["keys"], head["errors"], end) == (keys, [], {})
    spec = PRESETS["shard"]
    head, body, end = invoke(function, bucket="shards", key="train.tar", spec=spec)
    assert (head["statusCode"], end) == (200, {})
    assert body == b"".join(made(archives["train.tar"], "shard"))


def test_boto3_gets_the_reason_of_what_fails_midway(function):
    head, _, end = invoke(function, bucket="shards", key="cut.tar", spec=PRESETS["shard"])
    assert head["statusCode"] == 200
    details = json.loads(end["ErrorDetails"])
    assert (details["errorType"], "0020.jpg" in details["errorMessage"]) == ("CorruptObject", True)
    head, body, end = invoke(function, bucket="photos", key="none.jpg", spec=SPEC)
    assert (head["statusCode"], head["errorCode"], body, end) == (404, "NoSuchKey", b"", {})


def test_the_guides_example_reads_a_batch_and_reports_an_error(function):
    page = (ROOT / "docs/doors/invoke.md").read_text()
    (block,) = re.findall(r"```python\n(def streamed\(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {"json": json, "function": function}
    exec(block, names)
    head, body = names["streamed"](bucket="photos", keys=["rocket.jpg"], spec=SPEC)
    assert head["keys"] == ["rocket.jpg"]
    assert np.load(io.BytesIO(body)).shape == (1, 3, 224, 224)
    with pytest.raises(RuntimeError, match="0020"):
        names["streamed"](bucket="shards", key="cut.tar", spec=PRESETS["shard"])


@pytest.fixture
def as_test(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.mark.usefixtures("as_test")
def test_the_reader_reads_by_every_address(streaming, photos):
    keys = [*photos]
    there = {"endpoint_url": streaming.url, "pipeline": SPEC}
    pipeline = Pipeline.parse(SPEC)
    expected = np.stack([pipeline(photos[key]) for key in keys])
    for address in ("lambda+stream:preprocess/photos", "lambda:preprocess/photos"):
        reader = open_reader(address, **there)
        np.testing.assert_array_equal(reader.get_batch(keys), expected)
        np.testing.assert_array_equal(reader.get(keys[0]), expected[0])
        assert sorted(reader.keys()) == sorted(keys)
    at_url = open_reader(f"{streaming.function_url()}/photos", preset="large")
    large = Pipeline.parse(PRESETS["large"])(photos["rocket.jpg"])
    np.testing.assert_array_equal(at_url.get("rocket.jpg"), large)


@pytest.mark.usefixtures("as_test")
def test_the_reader_reports_what_lambda_cuts(streaming, monkeypatch):
    """A shard has no rows, and is asked for as one object."""
    monkeypatch.setattr(retry, "_tries", 1)
    reader = open_reader(
        "lambda+stream:preprocess/shards", endpoint_url=streaming.url, preset="shard"
    )
    with pytest.raises(Unavailable, match=r"CorruptObject: the answer ended early: .*0020\.jpg"):
        reader.get("cut.tar")


def peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def worker_pids(endpoint_url: str) -> list[int]:
    """Return the processes that run our runtime client for an endpoint."""
    here = f"AWS_ENDPOINT_URL={endpoint_url}\0".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                command = (folder / "cmdline").read_bytes()
                environment = (folder / "environ").read_bytes()
            except OSError:
                continue
            if here in environment and b"handler.runtime_client" in command:
                found.append(int(folder.name))
    return found


def test_a_client_that_leaves_costs_nobody_else_an_answer(signed, pool, photos):
    url, headers = signed("/shards/train.tar", pipeline="shard")
    with pool.request("GET", url, headers=headers, preload_content=False) as answer:
        assert len(answer.read(1000)) == 1000
        answer.connection.sock.close()
    expected = Pipeline.parse(PRESETS["tiny"]).encode(photos["rocket.jpg"]).body
    url, headers = signed("/photos/rocket.jpg")
    assert pool.request("GET", url, headers=headers).data == expected


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak")
def test_200_mb_leave_a_function_with_flat_memory(streaming, signed, pool, archives):
    def digest(key: str) -> tuple[int, str]:
        url, headers = signed(f"/shards/{key}", pipeline="huge")
        length, found = 0, hashlib.sha256()
        with pool.request("GET", url, headers=headers, preload_content=False) as answer:
            for piece in answer.stream(2**20):
                length += len(piece)
                found.update(piece)
        return length, found.hexdigest()

    (pid,) = worker_pids(streaming.endpoint.url)
    expected, length = hashlib.sha256(), 0
    for piece in made(archives["huge.tar"], "huge"):
        expected.update(piece)
        length += len(piece)
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # resets the peak
    before = peak_mb(pid)
    assert digest("huge.tar") == (length, expected.hexdigest())
    assert length > 200_000_000
    assert peak_mb(pid) - before < 100, f"{before:.0f} MB before, {peak_mb(pid):.0f} MB at most"
