"""An endpoint whose function streams, with photographs and shards, and a signed GET by any client."""

from __future__ import annotations

import http.client
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest
import requests
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from jitprep.emulator.config import InvokeMode
from tests.paths import ROOT
from tests.preprocessing.shards.archives import shard

PRESETS = {
    "large": "center_crop:1300/to_dtype:float32/npy",
    "tiny": "resize:64,64/npy",
    "shard": "tar/center_crop:400/npy",
    "huge": "tar/center_crop:1700/npy",
}
SAMPLES = 24
# Their results have 8.7 MB each, and together a little less than Lambda's 200 MB.
HUGE_SAMPLES = 24


@pytest.fixture(scope="session")
def archives(photos: Mapping[str, bytes]) -> Mapping[str, bytes]:
    bodies = [photos[name] for name in ("rocket.jpg", "coffee.jpg", "chelsea.jpg")]
    members = {f"{number:04d}.jpg": bodies[number % 3] for number in range(SAMPLES)}
    tiny = {f"{number:04d}.jpg": bodies[0] for number in range(HUGE_SAMPLES)}
    return {
        "train.tar": shard(members),
        "cut.tar": shard({**members, "0020.jpg": bodies[0][:9000]}),
        "huge.tar": shard(tiny),
    }


@pytest.fixture(scope="session")
def streaming(
    object_lambda_endpoint: Callable[..., Any],
    photos: Mapping[str, bytes],
    archives: Mapping[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    presets = tmp_path_factory.mktemp("presets") / "presets.toml"
    lines = "".join(f'{name} = "{spec}"\n' for name, spec in PRESETS.items())
    presets.write_text(f'default = "tiny"\n[presets]\n{lines}')
    started = object_lambda_endpoint(
        task_root=ROOT,
        workers=1,
        runtime_client="handler.runtime_client",
        invoke_mode=InvokeMode.RESPONSE_STREAM,
        worker_env={
            "JITPREP_BUCKETS": "photos,shards",
            "JITPREP_REQUEST_OVERRIDES": "pipeline,seed",
            "JITPREP_PRESETS": str(presets),
        },
    )
    s3 = started.client("s3")
    for bucket, objects in (("photos", photos), ("shards", archives)):
        s3.create_bucket(Bucket=bucket)
        for key, body in objects.items():
            s3.put_object(Bucket=bucket, Key=key, Body=body)
    return started


class Broken(Exception):
    """A client that noticed that an answer is not whole."""


def by_urllib3(url: str, headers: Mapping[str, str]) -> bytes:
    try:
        with urllib3.PoolManager() as pool:
            return pool.request("GET", url, headers=headers, retries=False).data
    except urllib3.exceptions.HTTPError as error:
        raise Broken from error


def by_requests(url: str, headers: Mapping[str, str]) -> bytes:
    try:
        return requests.get(url, headers=headers, timeout=60).content
    except requests.RequestException as error:
        raise Broken from error


def by_standard_library(url: str, headers: Mapping[str, str]) -> bytes:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.read()
    except (http.client.HTTPException, OSError) as error:
        raise Broken from error


def by_curl(url: str, headers: Mapping[str, str]) -> bytes:
    lines = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    done = subprocess.run(["curl", "-sSf", *lines, url], capture_output=True, check=False)
    if done.returncode:
        raise Broken(done.stderr.decode())
    return done.stdout


CLIENTS = (by_urllib3, by_requests, by_standard_library, by_curl)


@pytest.fixture
def function(streaming: Any) -> Iterator[Any]:
    """A client of Lambda."""
    with closing(streaming.client("lambda")) as client:
        yield client


@pytest.fixture
def pool() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager() as made:
        yield made


@pytest.fixture(scope="session")
def signed(streaming: Any) -> Callable[..., tuple[str, dict[str, str]]]:
    """Return a function that signs a GET of a path at the function's URL."""

    def sign(path: str, method: str = "GET", **query: str) -> tuple[str, dict[str, str]]:
        asked = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        target = f"{streaming.function_url()}{quote(path)}{'?' if asked else ''}{asked}"
        request = AWSRequest(method, target)
        SigV4Auth(Credentials("test", "test"), "lambda", "us-east-1").add_auth(request)
        return target, dict(request.headers.items())

    return sign
