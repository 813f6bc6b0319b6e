"""S3 Batch Operations stores a data set: boto3, the endpoint, workers and copies."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pytest

from preprocessing import Pipeline, Seed

from ..paths import ROOT

ACCOUNT = "123456789012"
PAGE = (ROOT / "docs/doors/batch-operations.md").read_text()
SPECS = ("grayscale/resize:224,224/png", "random_resized_crop:64/random_horizontal_flip/npy")


@pytest.fixture(scope="module")
def local(object_lambda_endpoint, photos) -> Any:
    """Endpoint whose workers may read one bucket and write another."""
    allowed = {"JITPREP_BUCKETS": "photos", "JITPREP_OUTPUTS": "copies"}
    started = object_lambda_endpoint(task_root=ROOT, workers=2, worker_env=allowed)
    s3 = started.client("s3")
    for bucket in ("photos", "copies", "jobs", "secrets"):
        s3.create_bucket(Bucket=bucket)
    for key, body in photos.items():
        s3.put_object(Bucket="photos", Key=f"a b/{key}", Body=body, Metadata={"label": key})
    return started


def run(local: Any, rows: Sequence[tuple[str, str]], arguments: Mapping[str, str]) -> Any:
    """Run a job over these objects; return it, and its report's last columns by bucket and key."""
    s3, control = local.client("s3"), local.client("s3control")
    text = "".join(f"{bucket},{quote(key)}\n" for bucket, key in rows)
    etag = s3.put_object(Bucket="jobs", Key="list.csv", Body=text.encode())["ETag"]
    function = local.endpoint.config.function_arn("preprocess")
    told = {"InvocationSchemaVersion": "2.0", "UserArguments": dict(arguments)} if arguments else {}
    job_id = control.create_job(
        AccountId=ACCOUNT,
        Operation={"LambdaInvoke": {"FunctionArn": function, **told}},
        Manifest={
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
            "Location": {"ObjectArn": "arn:aws:s3:::jobs/list.csv", "ETag": etag},
        },
        Report={
            "Enabled": True,
            "Bucket": "arn:aws:s3:::jobs",
            "Format": "Report_CSV_20180820",
            "ReportScope": "AllTasks",
        },
        Priority=1,
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/batch-operations",
    )["JobId"]
    deadline = time.monotonic() + 120
    while True:
        job = control.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]
        if job["Status"] in {"Complete", "Failed", "Cancelled"}:
            return job, report(s3, job_id)
        assert time.monotonic() < deadline, job
        time.sleep(0.02)


def report(s3: Any, job_id: str) -> dict[tuple[str, str], list[str]]:
    def body(key: str) -> bytes:
        return bytes(s3.get_object(Bucket="jobs", Key=key)["Body"].read())

    index = json.loads(body(f"job-{job_id}/manifest.json"))
    rows = [
        row
        for part in index["Results"]
        for row in csv.reader(io.StringIO(body(part["Key"]).decode()))
    ]
    return {(row[0], row[1]): row[3:] for row in rows}


@pytest.mark.parametrize("spec", SPECS)
def test_copies_are_what_the_library_and_an_access_point_give(local, photos, spec):
    s3, pipeline = local.client("s3"), Pipeline.parse(spec)
    rows = [("photos", f"a b/{key}") for key in photos]
    to = f"s3://copies/{pipeline.fingerprint}"
    arguments = {"spec": spec, "to": to, "seed": "0"}
    job, told = run(local, rows, arguments)
    assert job["ProgressSummary"]["NumberOfTasksSucceeded"] == len(photos) == len(told)
    alias = local.create_access_point(
        f"batch-{pipeline.fingerprint[:8]}", "photos", payload=json.dumps({"spec": spec})
    )
    for key, body in photos.items():
        place = f"{pipeline.fingerprint}/a b/{key}"
        copy = s3.get_object(Bucket="copies", Key=place)
        read = s3.get_object(Bucket=alias, Key=f"a b/{key}")
        stored = copy["Body"].read()
        seed = Seed(0, f"a b/{key}", copy["Metadata"]["jitprep-source-etag"])
        assert stored == read["Body"].read() == pipeline.encode(body, seed=seed).body
        assert copy["Metadata"].pop("jitprep-mark")  # the mark of a copy
        assert (copy["Metadata"], copy["ContentType"]) == (read["Metadata"], read["ContentType"])
        assert told["photos", quote(f"a b/{key}")][-1] == f"stored: s3://copies/{place}"
    job, told = run(local, rows, arguments)
    assert {row[-1].partition(":")[0] for row in told.values()} == {"current"}


def test_what_cannot_be_stored_is_in_the_report(local, photos):
    s3 = local.client("s3")
    good, body = next(iter(photos.items()))
    s3.put_object(Bucket="photos", Key="bad/torn.jpg", Body=body[:1000])
    s3.put_object(Bucket="secrets", Key="a.jpg", Body=body)
    rows = [("photos", f"a b/{good}"), ("photos", "bad/torn.jpg"), ("photos", "bad/none.jpg")]
    job, told = run(local, [*rows, ("secrets", "a.jpg")], {"to": "s3://copies/mixed"})
    progress = job["ProgressSummary"]
    assert (job["Status"], progress["NumberOfTasksFailed"]) == ("Complete", 3)
    assert told.pop(("photos", quote(f"a b/{good}")))[0] == "succeeded"
    assert {row[0] for row in told.values()} == {"failed"}
    assert {place: row[-1].partition(":")[0] for place, row in told.items()} == {
        ("photos", "bad/torn.jpg"): "CorruptObject",
        ("photos", "bad/none.jpg"): "NoSuchKey",
        ("secrets", "a.jpg"): "BucketNotAllowed",
    }
    assert {row[2] for row in told.values()} == {"PermanentFailure"}
    listed = s3.list_objects_v2(Bucket="copies", Prefix="mixed/")
    assert [entry["Key"] for entry in listed["Contents"]] == [f"mixed/a b/{good}"]


def test_schema_1_runs_the_default_preset_into_the_first_output(local, photos):
    key = next(iter(photos))
    job, _ = run(local, [("photos", f"a b/{key}")], {})
    assert job["ProgressSummary"]["NumberOfTasksSucceeded"] == 1
    copy = local.client("s3").get_object(Bucket="copies", Key=f"a b/{key}")
    assert copy["Metadata"]["jitprep-shape"] == "3,224,224"


def test_wrong_arguments_fail_each_task(local, photos):
    key = next(iter(photos))
    _, told = run(local, [("photos", f"a b/{key}")], {"to": "s3://photos/over"})
    (row,) = told.values()
    assert row[2] == "PermanentFailure"
    assert row[3].startswith("OutputNotAllowed: ")


def test_the_pages_block(local, photos, monkeypatch, capsys):
    """Unchanged, except for the URL, and without its sleep."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    s3 = local.client("s3")
    broken = s3.list_objects_v2(Bucket="photos", Prefix="bad/").get("Contents", [])
    for entry in broken:
        s3.delete_object(Bucket="photos", Key=entry["Key"])
    pause = time.sleep
    monkeypatch.setattr(time, "sleep", lambda _: pause(0.02))
    exec(code.replace("http://127.0.0.1:9000", local.url), names := {})
    assert capsys.readouterr().out.splitlines()[-1].startswith("Complete {'TotalNumberOfTasks': ")
    assert len(names["keys"]) == len(photos)
    pipeline = Pipeline.parse("resize:256/center_crop:224/npy")
    for key, body in photos.items():
        copy = s3.get_object(Bucket="copies", Key=f"imagenet/a b/{key}")["Body"].read()
        assert copy == pipeline.encode(body).body
    (generator,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    before, _, after = code.partition("    Manifest={")
    after = after.partition("\n    },\n")[2]
    exec(
        f"{before}    ManifestGenerator={generator.replace('false', 'False').strip()},\n{after}".replace(
            "http://127.0.0.1:9000", local.url
        ),
        names,
    )
    assert names["described"]()["ProgressSummary"]["NumberOfTasksSucceeded"] == len(photos)
