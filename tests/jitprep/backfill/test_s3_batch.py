"""`jitprep backfill --engine s3-batch`: the endpoint runs the job, and the function copies."""

from __future__ import annotations

import re

import pytest

from jitprep.backfill.engines import s3_batch
from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.service.s3_names import S3Prefix
from preprocessing import Pipeline
from tests.photos import photo

from .stage import SPEC, Stage, invoke

ROLE = "arn:aws:iam::123456789012:role/batch-operations"
KEYS = {"train/rocket.jpg": "rocket", 'train/a b+c/crème, "100%".jpg': "coffee"}


@pytest.fixture
def s3_jobs(local, endpoint_stage, monkeypatch):
    """Return a function that runs the command with S3 Batch Operations on two originals."""
    monkeypatch.setattr(s3_batch, "_POLL_S", 0.05)
    for key, name in KEYS.items():
        endpoint_stage.put(key, photo(name), Metadata={"label": name})
    function = local.endpoint.config.function_arn("preprocess")

    def run(*arguments: str, exit_code: int = 0) -> str:
        command = endpoint_stage.command("--engine", "s3-batch", *arguments)
        folder = ["--job-folder", f"s3://{endpoint_stage.source}/jobs"]
        done = invoke([*command, "--function-arn", function, "--role-arn", ROLE, *folder])
        assert done.exit_code == exit_code, done.output
        return done.output

    return run


def settings(folder: str) -> s3_batch.BatchSettings:
    return s3_batch.BatchSettings("preprocess", ROLE, S3Prefix.from_url(folder).folder)


def copies(stage: Stage) -> dict[str, tuple[bytes, dict[str, str], str]]:
    read = {key: stage.read(key) for key in stage.versions()}
    return {key: (o["Body"], o["Metadata"], o["ContentType"]) for key, o in read.items()}


def test_copies_are_those_of_every_engine(endpoint_stage, s3_jobs):
    assert "2 done, 0 already there, 0 failed" in s3_jobs("--seed", "3")
    by_s3 = copies(endpoint_stage)
    other = Stage(endpoint_stage.s3, 99)
    for key, name in KEYS.items():
        other.put(key, photo(name), Metadata={"label": name})
    other.run(other.job(seed=3))
    assert by_s3 == copies(other)
    assert by_s3.keys() == {f"small/{key}" for key in KEYS}


def test_nothing_is_done_twice(endpoint_stage, s3_jobs):
    s3_jobs()
    endpoint_stage.put("train/new.jpg", photo("chelsea"))
    assert "1 done, 2 already there, 0 failed" in s3_jobs()
    told = s3_jobs()
    assert "0 done, 3 already there, 0 failed" in told
    assert "S3 Batch Operations job" not in told
    assert endpoint_stage.versions() == dict.fromkeys(
        [f"small/{key}" for key in (*KEYS, "train/new.jpg")], 1
    )


def test_s3_can_list_the_originals(endpoint_stage, s3_jobs):
    endpoint_stage.put("elsewhere/a.jpg", photo("chelsea"))
    endpoint_stage.put("train/marker/", b"")
    assert "3 done or already there, 0 failed" in s3_jobs("--manifest-generator")
    first = copies(endpoint_stage)
    assert first.keys() == {f"small/{key}" for key in KEYS}
    assert "3 done or already there, 0 failed" in s3_jobs("--manifest-generator")
    assert "0 done, 2 already there, 0 failed" in s3_jobs()
    assert copies(endpoint_stage) == first
    assert set(endpoint_stage.versions().values()) == {1}


def test_s3_does_not_list_a_bucket_with_versions(endpoint_stage, s3_jobs):
    enabled = {"Status": "Enabled"}
    endpoint_stage.s3.put_bucket_versioning(
        Bucket=endpoint_stage.source, VersioningConfiguration=enabled
    )
    told = s3_jobs("--manifest-generator", exit_code=1)
    assert "keeps versions of its objects" in told
    assert copies(endpoint_stage) == {}


def test_failures_of_the_function_are_reported(endpoint_stage, s3_jobs):
    endpoint_stage.put("train/no photo, +1.txt", b"words")
    told = s3_jobs(exit_code=1)
    assert "2 done, 0 already there, 1 failed" in told
    assert "failed: train/no photo, +1.txt: UnknownFormat: " in told


def test_the_same_command_follows_an_unfinished_job(local, endpoint_stage, s3_jobs):
    """With enough originals that the job is unfinished when the second run starts."""
    for number in range(18):
        endpoint_stage.put(f"train/{number}.jpg", photo("retina"))
    first = s3_jobs("--no-wait", "--pipeline", "resize:256/npy")
    second = s3_jobs("--pipeline", "resize:256/npy")
    jobs = [re.search(r"S3 Batch Operations job (\S+)", told)[1] for told in (first, second)]
    assert jobs[0] == jobs[1]
    assert "20 done, 0 already there, 0 failed" in second
    listed = local.client("s3control").list_jobs(AccountId="123456789012")["Jobs"]
    assert [job["JobId"] for job in listed].count(jobs[0]) == 1


def test_a_job_that_may_not_write_is_an_error(endpoint_stage, s3_jobs):
    elsewhere = f"nowhere-{endpoint_stage.target}"
    endpoint_stage.s3.create_bucket(Bucket=elsewhere)
    told = s3_jobs("--to", f"s3://{elsewhere}", exit_code=1)
    assert "OutputNotAllowed" in told


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"format": "tar"}, "cannot write tar"),
        ({"pipeline": Pipeline.parse("/".join(["invert"] * 200))}, "at most 1024 characters"),
    ],
)
def test_a_job_that_does_not_fit_s3s_parameters_is_refused(given, words):
    described = {"pipeline": Pipeline.parse(SPEC), **given}
    job = BackfillJob(S3Prefix("photos"), S3Prefix("copies"), **described)
    with pytest.raises(CannotBackfill, match=words):
        s3_batch.BatchJobs(None, None, job, settings("s3://jobs"))


def test_a_role_is_named_by_its_arn():
    with pytest.raises(CannotBackfill, match="is not the ARN of an IAM role"):
        s3_batch.BatchSettings("preprocess", "batch-operations", S3Prefix("jobs"))


@pytest.mark.parametrize("folder", ["s3://copies/small/jobs", "s3://copies", "s3://photos/train"])
def test_the_files_of_a_job_lie_apart_from_originals_and_copies(folder):
    """The function writes copies, and a job does what its manifest says."""
    target = S3Prefix("copies", "manifests/" if folder == "s3://copies" else "small/")
    job = BackfillJob(S3Prefix("photos"), target, Pipeline.parse(SPEC))
    with pytest.raises(CannotBackfill, match="choose another --job-folder"):
        s3_batch.BatchJobs(None, None, job, settings(folder))
