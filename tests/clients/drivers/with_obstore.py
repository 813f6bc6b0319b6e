"""obstore, Rust's object_store for Python."""

from __future__ import annotations

import obstore
from obstore.store import S3Store
from protocol import Job, Read, main, words_of


def connect(job: Job) -> S3Store:
    # The keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    return S3Store(job.bucket, endpoint=job.endpoint, client_options={"allow_http": True})


def get(job: Job) -> Read:
    store = connect(job)
    return {key: bytes(store.get(key).bytes()) for key in job.keys}


def get_ranges(job: Job) -> Read:
    store = connect(job)
    read = {}
    for key in job.keys:
        size = store.head(key)["size"]
        parts = store.get_ranges(key, starts=[0, size // 2], ends=[size // 2, size], coalesce=0)
        read[key] = b"".join(map(bytes, parts))
    return read


def open_reader(job: Job) -> Read:
    store = connect(job)
    return {key: bytes(obstore.open_reader(store, key).read()) for key in job.keys}


def head(job: Job) -> Read:
    store = connect(job)
    return {key: store.head(key)["size"] for key in job.keys}


def list_objects(job: Job) -> Read:
    store = connect(job)
    return {entry["path"]: entry["size"] for page in store.list(job.prefix) for entry in page}


def limits(job: Job) -> Read:
    store = connect(job)
    key = f"{job.prefix}missing.jpg"
    return {
        "missing": words_of(lambda: store.get(key)),
        "written": words_of(lambda: store.put(key, b"text")),
        "keys": sum(map(len, store.list(job.prefix))),
    }


def virtual_host(job: Job) -> Read:
    store = S3Store(
        job.bucket,
        endpoint=job.endpoint.replace("//", f"//{job.bucket}."),
        virtual_hosted_style_request=True,
        client_options={"allow_http": True, "proxy_url": job.proxy},
    )
    return {key: bytes(store.get(key).bytes()) for key in job.keys}


if __name__ == "__main__":
    main("obstore", get, get_ranges, open_reader, head, list_objects, limits, virtual_host)
