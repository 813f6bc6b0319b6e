"""docker-compose.yml: one command, then plain boto3 reads through containers and the server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config

from preprocessing import Pipeline

from .harness import answers, command, free_port, wait_until
from .reader import Reader

SPEC = "resize:256/center_crop:224/normalize:imagenet/npy"
SERVE_PORT = free_port()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The URL of the endpoint that ``docker-compose up`` starts."""
    port = free_port()
    project = ("docker-compose", "--project-name", f"jitprep-test-{port}")
    env = {**os.environ, "JITPREP_PORT": str(port), "JITPREP_SERVE_PORT": str(SERVE_PORT)}
    url = f"http://127.0.0.1:{port}"
    try:
        command(*project, "up", "--build", "--detach", timeout=600, env=env)
        wait_until(lambda: answers(url), lambda: command(*project, "logs", env=env))
        yield url
    finally:
        command(*project, "down", "--volumes", "--rmi", "local", timeout=120, env=env)


def test_boto3_reads_through_the_containers(endpoint: str, photos: Mapping[str, bytes]) -> None:
    """Two readers per function, so that both functions are used and have a queue."""
    reader = Reader(endpoint)
    reader.put(photos)
    alias = reader.access_point("eval", {"spec": SPEC})
    pipeline = Pipeline.parse(SPEC)
    expected = {key: bytes(pipeline.encode(body).body) for key, body in photos.items()}
    with ThreadPoolExecutor(4) as pool:
        bodies = pool.map(lambda key: (key, reader.read(alias, key)), [*photos] * 4)
        assert all(body == expected[key] for key, body in bodies)


def test_boto3_reads_through_the_server(endpoint: str, photos: Mapping[str, bytes]) -> None:
    """The mount `photos` of examples/jitprep.toml, which is the demo's bucket."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    path_style = Config(proxies={}, s3={"addressing_style": "path"})
    s3, server = (
        boto3.client("s3", endpoint_url=url, region_name="us-east-1", config=path_style, **keys)
        for url in (endpoint, f"http://127.0.0.1:{SERVE_PORT}")
    )
    s3.create_bucket(Bucket="media")
    pipeline = Pipeline.parse("resize:256/center_crop:224/npy")
    wait_until(lambda: answers(f"http://127.0.0.1:{SERVE_PORT}/readyz"), lambda: "no answer")
    for key, body in photos.items():
        s3.put_object(Bucket="media", Key=key, Body=body)
        read = server.get_object(Bucket="photos", Key=key)["Body"].read()
        assert read == bytes(pipeline.encode(body).body)
