"""Our function from a snapshot, under either runtime client."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from preprocessing import Pipeline

from ...paths import ROOT

SPEC = "resize:64/center_crop:56/npy"


@pytest.mark.parametrize("client", ["awslambdaric", "handler.runtime_client"])
def test_a_restored_function_reads_with_new_credentials(
    object_lambda_endpoint: Callable[..., Any], photos: Mapping[str, bytes], client: str
) -> None:
    """The endpoint refuses the credentials that the function had before the snapshot was restored."""
    started = object_lambda_endpoint(
        task_root=ROOT,
        workers=1,
        snap_start=True,
        runtime_client=client,
        worker_env={"JITPREP_BUCKETS": "photos"},
    )
    key, body = next(iter(photos.items()))
    s3 = started.client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key=key, Body=body)
    alias = started.create_access_point("small", "photos", payload=json.dumps({"spec": SPEC}))
    expected = bytes(Pipeline.parse(SPEC).encode(body).body)
    assert s3.get_object(Bucket=alias, Key=key)["Body"].read() == expected
    event = {"bucket": "photos", "key": key, "spec": SPEC}
    answer = started.client("lambda").invoke(FunctionName="preprocess", Payload=json.dumps(event))
    assert base64.b64decode(json.load(answer["Payload"])["body"]) == expected
