"""Buckets with originals, jobs on them, and the command as a user runs it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from jitprep.backfill.engines import local
from jitprep.backfill.job import BackfillJob
from jitprep.backfill.outcome import TaskOutcome
from jitprep.backfill.planning.plan import plan_tasks
from jitprep.backfill.worker import TaskWorker
from jitprep.cli.commands import app
from jitprep.service.s3_names import S3Prefix
from preprocessing import Pipeline
from tests.photos import picture

ROOT = Path(__file__).parents[3]
SPEC = "resize:8,8/npy"
JITPREP = str(Path(sys.executable).with_name("jitprep"))
_PATIENCE_S = 300.0


def environment(url: str) -> dict[str, str]:
    """Return environment variables that point boto3 to an S3 at ``url``, with test credentials."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def small_photos(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield keys and distinct JPEGs of 16 x 16 pixels."""
    whole = picture("astronaut")
    for number in range(count):
        left, top = number % 60 * 8, number // 60 * 8
        stream = BytesIO()
        whole.crop((left, top, left + 16, top + 16)).save(stream, "JPEG", comment=str(number))
        yield f"train/{number % 10}/{number:04d}.jpg", stream.getvalue()


class Stage:
    """A bucket of originals, a versioned bucket for copies, and jobs between them."""

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
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.put, photos.keys(), photos.values()))
        return photos

    def job(self, spec: str = SPEC, **given: Any) -> BackfillJob:
        target = S3Prefix(self.target, "small/")
        return BackfillJob(S3Prefix(self.source, "train/"), target, Pipeline.parse(spec), **given)

    def run(self, job: BackfillJob, shards: int | None = None) -> TaskOutcome:
        """Run a job in this process."""
        worker = TaskWorker(job)
        return TaskOutcome.of_all(worker.do(task) for task in plan_tasks(self.s3, job, shards))

    def versions(self) -> dict[str, int]:
        """Return how often each key of the target was written."""
        found: dict[str, int] = {}
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.target)
        for page in pages:
            for version in page.get("Versions", ()):
                found[version["Key"]] = found.get(version["Key"], 0) + 1
        return found

    def command(self, *arguments: str, jitprep: str = JITPREP) -> Sequence[str]:
        """Return a command that backfills from one bucket to the other."""
        places = [f"s3://{self.source}/train/", "--to", f"s3://{self.target}/small"]
        return [jitprep, "backfill", *places, "--pipeline", SPEC, *arguments]

    def read(self, key: str) -> Any:
        """Return an object of the target with its body."""
        answer = self.s3.get_object(Bucket=self.target, Key=key)
        return {**answer, "Body": answer["Body"].read()}


def use_threads(patch: pytest.MonkeyPatch) -> None:
    """Have the local engine use threads instead of processes, which take seconds to start."""

    def pool(most: int, _: Any, __: Any, given: tuple[BackfillJob, Any]) -> ThreadPoolExecutor:
        patch.setattr(local, "_worker", [TaskWorker(given[0])])
        return ThreadPoolExecutor(most)

    patch.setattr(local, "_start_fork_server", lambda: None)
    patch.setattr(local, "ProcessPoolExecutor", pool)


def invoke(command: Sequence[str]) -> Result:
    """Run a command to its end in this process."""
    return CliRunner().invoke(app, command[1:])


def finish(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S)


def begin(command: Sequence[str]) -> subprocess.Popen[str]:
    """Start a command as a terminal does, in its own process group, which Ctrl-C reaches as a whole."""
    # A test runner may ignore Ctrl-C, and its children would inherit that.
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, previous)


def wait_for(stage: Stage, key: str, child: subprocess.Popen[str]) -> None:
    """Wait until a key of the target begins with a prefix, while a command runs."""
    while not stage.s3.list_objects_v2(Bucket=stage.target, Prefix=key, MaxKeys=1)["KeyCount"]:
        assert child.poll() is None, child.communicate()


def assert_survives_kill(stage: Stage, command: Sequence[str]) -> None:
    """Kill a backfill of 400 photographs midway and run it again: no object is copied twice.

    Processes of its own may still copy for a while after it was killed.
    """
    photos = stage.fill(400)
    with begin(command) as child:
        wait_for(stage, "small/train/1/", child)
        child.kill()
    again = finish(command)
    assert again.returncode == 0, again.stderr
    done, already, failed = (
        int(word.split()[0].replace(",", "")) for word in again.stdout.split(", ")
    )
    assert (done + already, failed) == (400, 0)
    assert done > 0 and already > 0
    assert stage.versions() == dict.fromkeys((f"small/{key}" for key in photos), 1)
    pipeline = Pipeline.parse(SPEC)
    for key in list(photos)[::50]:
        assert stage.read(f"small/{key}")["Body"] == pipeline.encode(photos[key]).body
