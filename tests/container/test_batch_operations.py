"""A job of S3 Batch Operations whose function is the image that ships to Lambda."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint
from preprocessing import Pipeline

from .harness import container, free_port, jitprep_up, wait_until

ACCOUNT = "123456789012"
SPEC = "resize:256/center_crop:224/npy"


def run(local: LocalObjectLambda, keys: list[str]) -> Mapping[str, Any]:
    """Run a job over these objects, and return it once it has ended."""
    s3, control = local.client("s3"), local.client("s3control")
    rows = "".join(f"photographs,{key}\n" for key in keys)
    etag = s3.put_object(Bucket="copies", Key="list.csv", Body=rows.encode())["ETag"]
    job_id = control.create_job(
        AccountId=ACCOUNT,
        Operation={
            "LambdaInvoke": {
                "FunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:preprocess",
                "InvocationSchemaVersion": "2.0",
                "UserArguments": {"spec": SPEC, "to": "s3://copies/tensors"},
            }
        },
        Manifest={
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
            "Location": {"ObjectArn": "arn:aws:s3:::copies/list.csv", "ETag": etag},
        },
        Report={"Enabled": False},
        Priority=1,
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/batch-operations",
    )["JobId"]

    def job() -> Mapping[str, Any]:
        return dict(control.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"])

    wait_until(lambda: job()["Status"] in {"Complete", "Failed"}, lambda: str(job()))
    return job()


def test_the_image_stores_what_the_library_makes(
    function_image: str, photos: Mapping[str, bytes], tmp_path: Path
) -> None:
    port = free_port()
    options = (
        *("-p", "127.0.0.1::8080", "--read-only", "--tmpfs", "/tmp"),
        *("--add-host", "endpoint:host-gateway"),
        *("--env", f"AWS_ENDPOINT_URL=http://endpoint:{port}"),
        *("--env", "JITPREP_BUCKETS=photographs", "--env", "JITPREP_OUTPUTS=copies/tensors"),
    )
    with container(function_image, *options) as function:
        function.wait_until_it_listens()
        up = jitprep_up(tmp_path / "log", port, "--function", f"preprocess={function.url}")
        with up as url:
            local = LocalObjectLambda(RunningEndpoint(url))
            s3 = local.client("s3")
            for bucket in ("photographs", "copies"):
                s3.create_bucket(Bucket=bucket)
            for key, body in {**photos, "text.jpg": b"This is not a photograph.\n"}.items():
                s3.put_object(Bucket="photographs", Key=key, Body=body)
            progress = run(local, [*photos, "text.jpg"])["ProgressSummary"]
            told = (progress["NumberOfTasksSucceeded"], progress["NumberOfTasksFailed"])
            assert told == (len(photos), 1), function.logs()
            pipeline = Pipeline.parse(SPEC)
            for key, body in photos.items():
                copy = s3.get_object(Bucket="copies", Key=f"tensors/{key}")
                assert copy["Body"].read() == pipeline.encode(body).body
                assert copy["Metadata"]["jitprep-fingerprint"] == pipeline.fingerprint
