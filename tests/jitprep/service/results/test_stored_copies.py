"""Stored copies: equal to a read through an access point, written once, and only below the output.

The S3 is the local endpoint, whose workers run the access points' function.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jitprep.service.deadline import Deadline
from jitprep.service.messages import ObjectName, StoreRequest
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.results import stored_copies
from jitprep.service.s3_names import S3Prefix
from preprocessing import Pipeline
from tests.photos import photo

from ....scripted_s3 import _forget
from .world import FIXED, World

ROOT = Path(__file__).parents[4]
UNKNOWN, RANDOM = "resize:32/png", "random_crop:24/npy"
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def local(object_lambda_endpoint: Callable[..., Any]) -> Any:
    return object_lambda_endpoint(task_root=ROOT, workers=1)


@pytest.fixture
def world(local: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    number, s3 = next(NUMBERS), local.client("s3")
    made = World(local, s3, f"photos-{number}", f"out-{number}")
    for bucket in (made.photos, made.out):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    environment = {
        "AWS_ENDPOINT_URL": local.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "JITPREP_BUCKETS": made.photos,
        "JITPREP_OUTPUTS": f"{made.out},{made.photos}",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _forget()
    yield made
    _forget()


@pytest.mark.parametrize("spec", [FIXED, UNKNOWN, RANDOM])
def test_a_copy_equals_a_read_through_an_access_point(world, spec):
    key = "a b+ü/rocket.jpg"
    world.put(key, photo("rocket"), Metadata={"label": "7"}, CacheControl="max-age=9")
    code, text = world.run("a+b%2B%C3%BC/rocket.jpg", spec=spec)
    assert (code, text) == ("Succeeded", f"stored: s3://{world.out}/{key}")
    alias = world.local.create_access_point(
        f"store-{next(NUMBERS)}", world.photos, payload=json.dumps({"spec": spec})
    )
    read, copy = world.s3.get_object(Bucket=alias, Key=key), world.copy(key)
    assert copy["Body"] == read["Body"].read()
    for name in ("ContentType", "CacheControl", "ContentLength"):
        assert copy[name] == read[name], name
    assert copy["Metadata"].pop("jitprep-mark")  # by which alone it is known
    assert copy["Metadata"] == read["Metadata"]
    assert copy["Metadata"]["label"] == "7"


def test_what_is_there_already_is_neither_read_nor_written(world, capfd):
    world.put("a.jpg", photo("coffee"))
    assert world.run("a.jpg")[1].startswith("stored: ")
    capfd.readouterr()
    assert world.run("a.jpg") == ("Succeeded", f"current: s3://{world.out}/a.jpg")
    assert world.writes("a.jpg") == 1
    line = json.loads(capfd.readouterr().out)
    assert (line["door"], line["key"], line["bytesIn"]) == ("s3-batch-operations", "a.jpg", 0)


def test_a_copy_is_rewritten_once_its_original_pipeline_or_seed_has_changed(world):
    world.put("a.jpg", photo("coffee"))
    world.run("a.jpg", spec=RANDOM)
    assert world.run("a.jpg", spec=RANDOM, seed="0")[1].startswith("current: ")
    bodies = [world.copy("a.jpg")["Body"]]
    for step in (
        lambda: world.run("a.jpg", spec=RANDOM, seed="1"),
        lambda: world.run("a.jpg", spec="random_crop:25/npy", seed="1"),
        lambda: (world.put("a.jpg", photo("rocket")), world.run("a.jpg", spec=RANDOM))[1],
    ):
        assert step()[1].startswith("stored: ")
        bodies.append(world.copy("a.jpg")["Body"])
    assert world.writes("a.jpg") == len(set(bodies)) == 4
    assert world.run("a.jpg", spec=FIXED)[1].startswith("stored: ")
    assert world.run("a.jpg", spec=FIXED, seed="5")[1].startswith("current: ")  # it draws nothing


def test_a_version_of_the_original_is_read_by_its_id(world):
    world.put("a.jpg", photo("coffee"))
    first = world.s3.head_object(Bucket=world.photos, Key="a.jpg")["VersionId"]
    world.put("a.jpg", photo("rocket"))
    expected = Pipeline.parse(FIXED).encode(photo("coffee")).body
    assert world.run("a.jpg", first)[0] == "Succeeded"
    assert world.copy("a.jpg")["Body"] == expected
    assert world.run("a.jpg", first)[1].startswith("current: ")
    code, text = world.run("a.jpg", "no-such-version")
    assert code == "PermanentFailure"
    assert text.partition(":")[0] in {"NoSuchVersion", "InvalidArgument", "NoSuchKey"}


def test_copies_go_below_the_output_that_the_job_names(world):
    world.put("a.jpg", photo("coffee"))
    assert (
        world.run("a.jpg", to=f"s3://{world.out}/x/y/")[1] == f"stored: s3://{world.out}/x/y/a.jpg"
    )
    assert world.copy("x/y/a.jpg")["ContentType"] == "application/x-npy"


def test_an_original_is_never_overwritten(world):
    world.put("a.jpg", photo("coffee"))
    code, text = world.run("a.jpg", to=f"s3://{world.photos}")
    assert (code, text.partition(":")[0]) == ("PermanentFailure", "OutputIsSource")
    world.put("below/a.jpg", photo("rocket"))
    code, text = world.run("a.jpg", to=f"s3://{world.photos}/below")
    assert (code, text.partition(":")[0]) == ("PermanentFailure", "OutputTaken")
    assert world.s3.get_object(Bucket=world.photos, Key="below/a.jpg")["Body"].read() == photo(
        "rocket"
    )
    assert world.run("a.jpg", to=f"s3://{world.photos}/beside")[0] == "Succeeded"


def test_nor_is_one_that_an_access_points_alias_hides(world, monkeypatch):
    """Two names of one bucket look like two buckets."""
    world.put("a.jpg", photo("coffee"))
    control = world.local.client("s3control")
    alias = control.create_access_point(
        AccountId="123456789012", Name=f"own-{next(NUMBERS)}", Bucket=world.photos
    )["Alias"]
    monkeypatch.setenv("JITPREP_BUCKETS", f"{world.photos}={alias}")
    _forget()
    code, text = world.run("a.jpg", to=f"s3://{world.photos}")
    assert (code, text.partition(":")[0]) == ("PermanentFailure", "OutputTaken")


def test_folders_markers_are_passed_over(world):
    world.put("a/", b"")
    code, text = world.run("a/")
    assert (code, text.partition(":")[0]) == ("Succeeded", "skipped")
    assert world.writes("") == 0
    world.put("photo/", photo("coffee"))  # which only has the name of one
    assert world.run("photo/")[1].startswith("stored: ")


@pytest.mark.parametrize(
    ("body", "code"), [(b"words", "UnknownFormat"), (b"", "EmptyObject"), (None, "NoSuchKey")]
)
def test_what_cannot_be_read_is_not_written(world, body, code):
    if body is not None:
        world.put("bad.jpg", body)
    assert world.run("bad.jpg")[1].partition(":")[0] == code
    assert world.writes("bad.jpg") == 0


def test_a_copy_whose_key_would_be_too_long_says_so(world, monkeypatch):
    monkeypatch.setenv("JITPREP_OUTPUTS", f"{world.out}/small/")
    _forget()
    world.put("x" * 1024, photo("coffee"))
    code, text = world.run("x" * 1024)
    assert (code, text.partition(":")[0]) == ("PermanentFailure", "KeyTooLongError")
    assert "the copy's key would have 1030 bytes" in text
    world.put("ü" * 509, photo("coffee"))
    assert world.run("ü" * 509)[0] == "Succeeded"


def test_an_output_that_is_missing_says_so(world):
    world.put("a.jpg", photo("coffee"))
    world.s3.delete_bucket(Bucket=world.out)
    code, text = world.run("a.jpg")
    assert code == "PermanentFailure"
    assert text.startswith(f"NoSuchBucket: s3://{world.out}/a.jpg: ")


def test_a_long_pipelines_text_makes_room_in_the_metadata(world):
    spec = "/".join(["horizontal_flip"] * 150) + "/resize:16,16/npy"
    assert len(spec) > 2048
    world.put("a.jpg", photo("coffee"), Metadata={"label": "cup"})
    long_one = world.run("a.jpg", spec=spec)
    assert long_one[0] == "Succeeded"
    told = world.copy("a.jpg")["Metadata"]
    assert sum(len(name) + len(value) for name, value in told.items()) < 2048
    ours = ("fingerprint", "shape", "dtype", "geometry", "source-etag", "mark")
    assert told.keys() == {"label", *(f"jitprep-{name}" for name in ours)}
    assert told["jitprep-fingerprint"] == Pipeline.parse(spec).fingerprint
    assert world.run("a.jpg", spec=spec)[1].startswith("current: ")


def test_the_owners_metadata_is_never_left_out(world):
    """Where it and ours exceed S3's limit, the task fails."""
    world.put("a.jpg", photo("coffee"), Metadata={"labels": "x" * 1990})
    code, text = world.run("a.jpg")
    assert (code, text.partition(":")[0]) == ("PermanentFailure", "MetadataTooLarge")
    assert world.writes("a.jpg") == 0


def test_one_task_after_another_and_each_has_its_own_end(world):
    world.put("a.jpg", photo("coffee"))
    world.put("c.jpg", photo("rocket"))
    tasks = tuple(ObjectName(world.photos, key) for key in ("a.jpg", "b.jpg", "c.jpg"))
    request = StoreRequest(tasks, S3Prefix(world.out))
    answer = stored_copies.store_copies(
        request, S3Prefix(world.out), Pipeline.parse(FIXED), Deadline.of(60_000), RequestMetrics()
    )
    assert [one.error_code for one in answer.each] == [None, "NoSuchKey", None]
    assert (answer.status, answer.error_code) == (404, "NoSuchKey")
    late = stored_copies.store_copies(
        request, S3Prefix(world.out), Pipeline.parse(FIXED), Deadline.of(0), RequestMetrics()
    )
    assert {one.error_code for one in late.each} == {"DeadlineExceeded"}


def test_many_at_once_do_one_task_without_harm(world):
    world.put("a.jpg", photo("coffee"))
    request = StoreRequest((ObjectName(world.photos, "a.jpg"),), S3Prefix(world.out))
    pipeline = Pipeline.parse(UNKNOWN)

    def once(_: int) -> int:
        return stored_copies.store_copies(
            request, S3Prefix(world.out), pipeline, Deadline.of(60_000), RequestMetrics()
        ).status

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(once, range(16))) == {200}
    assert world.copy("a.jpg")["Body"] == pipeline.encode(photo("coffee")).body
    versions = world.s3.list_object_versions(Bucket=world.out, Prefix="a.jpg")["Versions"]
    assert len({version["ETag"] for version in versions}) == 1


def test_what_came_there_meanwhile_is_not_overwritten(world, monkeypatch):
    """A writer of the same copy is as good; a writer of another object wins."""
    read = stored_copies.read.get

    def overtaken(key: str, other: Callable[[], Any]) -> tuple[str, str]:
        def get(*arguments: Any) -> Any:
            monkeypatch.setattr(stored_copies.read, "get", read)
            other()
            return read(*arguments)

        world.put(key, photo("coffee"))
        monkeypatch.setattr(stored_copies.read, "get", get)
        code, text = world.run(key, spec=RANDOM)
        return code, text.partition(":")[0]

    def by(spec: str) -> None:
        request = StoreRequest((ObjectName(world.photos, "a.jpg"),), S3Prefix(world.out))
        stored_copies.store_copies(
            request,
            S3Prefix(world.out),
            Pipeline.parse(spec),
            Deadline.of(60_000),
            RequestMetrics(),
        )

    def by_a_stranger() -> None:
        world.s3.put_object(Bucket=world.out, Key="b.jpg", Body=b"words")

    assert overtaken("a.jpg", lambda: by(FIXED)) == ("TemporaryFailure", "OutputBusy")
    assert overtaken("a.jpg", lambda: by(RANDOM)) == ("Succeeded", "current")
    assert world.writes("a.jpg") == 2
    assert overtaken("b.jpg", by_a_stranger) == ("PermanentFailure", "OutputTaken")
    assert world.copy("b.jpg")["Body"] == b"words"
