"""smart_open, directly and under NumPy."""

from __future__ import annotations

import boto3
import smart_open
from protocol import Job, Read, main, words_of


def connect(job: Job) -> dict[str, object]:
    return {"client": boto3.client("s3", endpoint_url=job.endpoint)}


def open_and_read(job: Job) -> Read:
    options = connect(job)
    read = {}
    for key in job.keys:
        url = f"s3://{job.bucket}/{key}"
        with smart_open.open(url, "rb", transport_params=options) as file:
            read[key] = file.read()
    return read


def open_and_seek(job: Job) -> Read:
    options = connect(job) | {"defer_seek": True}
    read = {}
    for key in job.keys:
        url = f"s3://{job.bucket}/{key}"
        with smart_open.open(url, "rb", transport_params=options) as file:
            file.seek(100)
            end = file.read()
            file.seek(0)
            read[key] = file.read(100) + end
    return read


def numpy_load(job: Job) -> Read:
    import numpy as np

    options = connect(job)
    read = {}
    for key in job.keys:
        url = f"s3://{job.bucket}/{key}"
        with smart_open.open(url, "rb", transport_params=options) as file:
            read[key] = np.load(file).tobytes()
    return read


def limits(job: Job) -> Read:
    options, url = connect(job), f"s3://{job.bucket}/{job.prefix}missing.jpg"

    def write() -> None:
        with smart_open.open(url, "wb", transport_params=options) as file:
            file.write(b"text")

    return {
        "missing": words_of(lambda: smart_open.open(url, "rb", transport_params=options).read()),
        "written": words_of(write),
    }


if __name__ == "__main__":
    main("smart-open", open_and_read, open_and_seek, numpy_load, limits)
