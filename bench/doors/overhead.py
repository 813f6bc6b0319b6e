"""Measure the CPU time of a request without the transform: ``python -m bench.doors.overhead``; Linux.

The real function, in a real worker behind the endpoint, reads the demo's photographs. The worker
measures its CPU time from the event to the end of the answer; that of the transform, from
`jitprep.costs.measure`, is subtracted. Waiting for S3 takes no CPU time.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from io import StringIO
from pathlib import Path
from statistics import fmean, median
from typing import Any

from handler.app import lambda_handler
from jitprep.cli.demo_data.photos import photographs
from jitprep.costs.measure import measure_samples
from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda
from preprocessing import Pipeline

_TURNS, _WARM = 40, 5
_SPEC = "resize:256/center_crop:224/npy"


def measured(event: Any, context: Any) -> Any:
    """Answer as the function does, and print the CPU time: the handler of the worker."""
    start = time.process_time()
    try:
        return lambda_handler(event, context)
    finally:
        line = {"cpu_ms": (time.process_time() - start) * 1000}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Print the CPU time of the request, of the transform, and of the rest, in ms."""
    photos = photographs()
    whole = fmean(median(times[_WARM:]) for times in _read(photos).values())
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / key for key in photos]
        for path in paths:
            path.write_bytes(photos[path.name])
        transform = measure_samples(Pipeline.parse(_SPEC), paths).ms
    beside = f"beside it {whole - transform:.2f} ms"
    sys.stdout.write(f"request {whole:.2f} ms, transform {transform:.2f} ms, {beside}\n")


def _read(photos: dict[str, bytes]) -> dict[str, list[float]]:
    """Return the CPU time of each read of each photograph in ms."""
    output = StringIO()
    config = EndpointConfig(
        port=0,
        workers=1,
        output=output,
        handler="overhead.measured",
        task_root=Path(__file__).parent,
        worker_env={"OPENBLAS_NUM_THREADS": "1"},
    )
    with Endpoint(config) as endpoint:
        local = LocalObjectLambda(endpoint)
        s3 = local.client("s3")
        s3.create_bucket(Bucket="photos")
        alias = local.create_access_point("gray", "photos", payload=json.dumps({"spec": _SPEC}))
        for key, body in photos.items():
            s3.put_object(Bucket="photos", Key=key, Body=body)
            for _ in range(_TURNS):
                s3.get_object(Bucket=alias, Key=key)["Body"].read()
    lines = [line.partition("] ")[2] for line in output.getvalue().splitlines()]
    times = [json.loads(line)["cpu_ms"] for line in lines if line.startswith('{"cpu_ms"')]
    return {key: times[i * _TURNS : (i + 1) * _TURNS] for i, key in enumerate(photos)}


if __name__ == "__main__":
    main()
