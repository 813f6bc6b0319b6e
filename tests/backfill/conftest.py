"""S3, buckets with originals, and what to run on them."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest

from backfill.aws import client
from backfill.job import Job, Place
from backfill.outcome import Outcome
from backfill.todo import todo
from backfill.work import Worker
from preprocessing import Pipeline
from tests.photos import picture

ROOT = Path(__file__).parents[2]
SPEC = "resize:8,8/npy"
_NUMBERS = itertools.count()


def environment(url: str) -> dict[str, str]:
    """Return what leads boto3 to an S3 at ``url``, and to no account of this machine's user."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def small_photos(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield as many JPEGs of 16 x 16 pixels, no two alike, and their keys."""
    whole = picture("astronaut")
    for number in range(count):
        left, top = number % 60 * 8, number // 60 * 8
        stream = BytesIO()
        whole.crop((left, top, left + 16, top + 16)).save(stream, "JPEG", comment=str(number))
        yield f"train/{number % 10}/{number:04d}.jpg", stream.getvalue()


class Stage:
    """A bucket of originals, one for copies that keeps every version, and jobs between them."""

    def __init__(self, s3: Any, number: int) -> None:
        self.s3 = s3
        self.source, self.target = f"photos-{number}", f"copies-{number}"
        for bucket in (self.source, self.target):
            s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=self.target, VersioningConfiguration={"Status": "Enabled"})

    def put(self, key: str, body: bytes, **about: Any) -> str:
        """Store an original; return its ETag."""
        return str(self.s3.put_object(Bucket=self.source, Key=key, Body=body, **about)["ETag"])

    def fill(self, count: int) -> Mapping[str, bytes]:
        """Store small photographs."""
        photos = dict(small_photos(count))
        for key, body in photos.items():
            self.put(key, body)
        return photos

    def job(self, spec: str = SPEC, **given: Any) -> Job:
        target = Place(self.target, "small/")
        return Job(Place(self.source, "train/"), target, Pipeline.parse(spec), **given)

    def run(self, job: Job, shards: int | None = None) -> Outcome:
        """Do a job in this process."""
        worker = Worker(job)
        return Outcome.of_all(worker.do(task) for task in todo(self.s3, job, shards))

    def versions(self) -> dict[str, int]:
        """Return how often each key of the target was written."""
        found: dict[str, int] = {}
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.target)
        for page in pages:
            for version in page.get("Versions", ()):
                found[version["Key"]] = found.get(version["Key"], 0) + 1
        return found

    def read(self, key: str) -> Any:
        """Return an object of the target, its body read."""
        answer = self.s3.get_object(Bucket=self.target, Key=key)
        return {**answer, "Body": answer["Body"].read()}


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The URL of an S3."""
    command = [sys.executable, "-m", "emulator.moto_child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        yield f"http://127.0.0.1:{int(child.stdout.readline())}"
        child.communicate()


@pytest.fixture
def stage(moto: str, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Two empty buckets of their own."""
    for name, value in environment(moto).items():
        monkeypatch.setenv(name, value)
    return Stage(client("s3"), next(_NUMBERS))


@pytest.fixture(scope="session")
def local(object_lambda_endpoint: Callable[..., Any]) -> Any:
    """An endpoint whose workers run our handler."""
    return object_lambda_endpoint(
        task_root=ROOT, workers=2, worker_env={"JITPREP_REQUEST_OVERRIDES": "seed"}
    )


@pytest.fixture
def endpoint_stage(local: Any, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Two empty buckets at the endpoint."""
    for name, value in environment(local.url).items():
        monkeypatch.setenv(name, value)
    return Stage(boto3.client("s3"), next(_NUMBERS))
