"""s3fs, directly and through fsspec, NumPy and pandas."""

from __future__ import annotations

import fsspec
import s3fs
from protocol import Job, Read, main, words_of


def connect(job: Job) -> s3fs.S3FileSystem:
    return s3fs.S3FileSystem(endpoint_url=job.endpoint)


def cat_file(job: Job) -> Read:
    fs = connect(job)
    return {key: fs.cat_file(f"{job.bucket}/{key}") for key in job.keys}


def open_and_read(job: Job) -> Read:
    fs = connect(job)
    read = {}
    for key in job.keys:
        with fs.open(f"{job.bucket}/{key}", "rb") as file:
            read[key] = file.read()
    return read


def fsspec_open(job: Job) -> Read:
    read = {}
    for key in job.keys:
        url = f"s3://{job.bucket}/{key}"
        with fsspec.open(url, "rb", endpoint_url=job.endpoint) as file:
            read[key] = file.read()
    return read


def numpy_load(job: Job) -> Read:
    import numpy as np

    fs = connect(job)
    read = {}
    for key in job.keys:
        with fs.open(f"{job.bucket}/{key}", "rb") as file:
            read[key] = np.load(file).tobytes()
    return read


def numpy_load_by_pandas(job: Job) -> Read:
    import numpy as np
    import pandas as pd

    table = pd.read_csv(f"s3://{job.table}", storage_options={"endpoint_url": job.endpoint})
    fs = connect(job)
    read = {}
    for key in table["key"]:
        with fs.open(f"{job.bucket}/{key}", "rb") as file:
            read[key] = np.load(file).tobytes()
    return read


def get_recursive(job: Job) -> Read:
    connect(job).get(f"{job.bucket}/{job.prefix}", str(job.folder / "got"), recursive=True)
    return {
        key: (job.folder / "got" / key.removeprefix(job.prefix)).read_bytes() for key in job.keys
    }


def find_then_open(job: Job) -> Read:
    fs = connect(job)
    read = {}
    for path in fs.find(f"{job.bucket}/{job.prefix}"):
        with fs.open(path, "rb") as file:
            read[path.removeprefix(f"{job.bucket}/")] = file.read()
    return read


def find_then_open_anew(job: Job) -> Read:
    fs = connect(job)
    paths = fs.find(f"{job.bucket}/{job.prefix}")
    fs.invalidate_cache()
    read = {}
    for path in paths:
        with fs.open(path, "rb") as file:
            read[path.removeprefix(f"{job.bucket}/")] = file.read()
    return read


def find_then_cat(job: Job) -> Read:
    fs = connect(job)
    paths = fs.find(f"{job.bucket}/{job.prefix}")
    return {path.removeprefix(f"{job.bucket}/"): fs.cat_file(path) for path in paths}


def info(job: Job) -> Read:
    fs = connect(job)
    return {key: fs.info(f"{job.bucket}/{key}")["size"] for key in job.keys}


def ls(job: Job) -> Read:
    entries = connect(job).ls(f"{job.bucket}/{job.prefix}", detail=True)
    return {entry["name"].removeprefix(f"{job.bucket}/"): entry["size"] for entry in entries}


def limits(job: Job) -> Read:
    fs = connect(job)
    path = f"{job.bucket}/{job.prefix}missing.jpg"
    return {
        "missing": words_of(lambda: fs.cat_file(path)),
        "written": words_of(lambda: fs.pipe_file(path, b"text")),
        "keys": len(fs.find(f"{job.bucket}/{job.prefix}")),
    }


if __name__ == "__main__":
    main(
        "s3fs",
        *(cat_file, open_and_read, fsspec_open, numpy_load, numpy_load_by_pandas),
        *(get_recursive, find_then_open, find_then_open_anew, find_then_cat, info, ls, limits),
    )
