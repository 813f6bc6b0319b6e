"""A real S3 server, which verifies signatures, and the endpoint in front of it.

``JITPREP_TEST_STORE`` is the server's URL. ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY`` belong to
a user who may create buckets. Any server with S3's API will do; CI runs Ceph's gateway.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from jitprep.emulator.config import EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint
from tests.photos import photo

JITPREP = str(Path(sys.executable).with_name("jitprep"))
SPEC = "random_resized_crop:48/random_horizontal_flip/npy"
# Keys that clients, proxies or URL libraries may normalise.
KEYS = (
    "plain.jpg",
    "folder/a b+c.jpg",
    "d//e.jpg",
    "/first.jpg",
    "a/./b.jpg",
    "a/../b.jpg",
    "../up.jpg",
    "./here.jpg",
    "dots./...jpg",
    "100%.jpg",
    "%2e%2e/f.jpg",
    "q?x=1&y#z.jpg",
    "ü/日本.jpg",
    "tilde~(1)*!'.jpg",
)
PHOTOS = ("rocket", "coffee", "chelsea")


@dataclass(frozen=True)
class Store:
    """The server's URL and credentials."""

    url: str
    access_key: str
    secret_key: str

    def client(self, **changed: str) -> Any:
        """Return an S3 client; ``secret_key`` replaces the secret."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=changed.get("secret_key", self.secret_key),
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 1},
            ),
        )

    @property
    def environment(self) -> dict[str, str]:
        """Variables that direct AWS's SDKs to the server, without the user's AWS configuration."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }


@pytest.fixture(scope="session")
def store() -> Store:
    names = ("JITPREP_TEST_STORE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        pytest.fail(f"these tests need an S3 server; set {', '.join(missing)}")
    return Store(*(os.environ[name] for name in names))


@pytest.fixture(scope="session")
def s3(store: Store) -> Any:
    return store.client()


@pytest.fixture(scope="session")
def make_bucket(s3: Any) -> Iterator[Callable[[str], str]]:
    """Return a function that creates a bucket with a unique name. Deletes all of them at the end."""
    made: list[str] = []

    def make(name: str) -> str:
        bucket = f"{name}-{uuid.uuid4().hex[:12]}"
        s3.create_bucket(Bucket=bucket)
        made.append(bucket)
        return bucket

    yield make
    for bucket in made:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for entry in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
                s3.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
        s3.delete_bucket(Bucket=bucket)


@pytest.fixture(scope="session")
def originals() -> Mapping[str, bytes]:
    """Three photographs, under all keys."""
    return {key: photo(PHOTOS[number % len(PHOTOS)]) for number, key in enumerate(KEYS)}


@pytest.fixture(scope="session")
def bucket(make_bucket: Callable[[str], str], s3: Any, originals: Mapping[str, bytes]) -> str:
    """A bucket with these photographs and user metadata."""
    name = make_bucket("photos")
    for key, body in originals.items():
        s3.put_object(Bucket=name, Key=key, Body=body, Metadata={"seed": "9", "label": "cat"})
    return name


@pytest.fixture(scope="session")
def copies(make_bucket: Callable[[str], str]) -> str:
    """An empty bucket, which the function may write to."""
    return make_bucket("copies")


@dataclass(frozen=True)
class Up:
    """``jitprep up`` in front of the server."""

    local: LocalObjectLambda
    store: Store

    @property
    def environment(self) -> dict[str, str]:
        return {**self.store.environment, "AWS_ENDPOINT_URL": self.local.url}


@pytest.fixture(scope="session")
def up(store: Store, bucket: str, copies: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """``jitprep up --s3 URL``, with credentials from the environment."""
    allowed = {
        "JITPREP_BUCKETS": f"{bucket},album={bucket}",
        "JITPREP_OUTPUTS": copies,
        "JITPREP_REQUEST_OVERRIDES": "seed,pipeline",
    }
    environment = {**os.environ, **store.environment, **allowed}
    del environment["AWS_ENDPOINT_URL"]
    log = tmp_path_factory.mktemp("up") / "log"
    command = [JITPREP, "up", "--port", "0", "--s3", store.url]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        ) as child,
    ):
        assert child.stdout is not None
        try:
            for line in child.stdout:
                if found := re.search(r"S3 with Object Lambda on (http\S+)", line):
                    break
            else:
                pytest.fail(f"jitprep up did not start: {log.read_text()}")
            config = EndpointConfig(access_key=store.access_key, secret_key=store.secret_key)
            yield Up(LocalObjectLambda(RunningEndpoint(found[1], config)), store)
        finally:
            child.terminate()
            child.communicate()


@pytest.fixture(scope="session")
def alias(up: Up, bucket: str) -> str:
    """An access point for the photographs, with every action and feature."""
    return up.local.create_access_point(
        "store",
        bucket,
        payload=json.dumps({"spec": SPEC}),
        actions=("GetObject", "HeadObject", "ListObjects", "ListObjectsV2"),
        features=("GetObject-Range", "HeadObject-Range", "GetObject-PartNumber"),
    )
