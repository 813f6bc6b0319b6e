"""boto3, the AWS SDK for Python."""

from __future__ import annotations

from urllib.request import urlopen

import boto3
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.config import Config
from protocol import Job, Read, main, words_of


def connect(job: Job):
    return boto3.client("s3", endpoint_url=job.endpoint)


def get_object(job: Job) -> Read:
    s3 = connect(job)
    return {key: s3.get_object(Bucket=job.bucket, Key=key)["Body"].read() for key in job.keys}


def presigned_url(job: Job) -> Read:
    s3 = boto3.client("s3", endpoint_url=job.endpoint, config=Config(signature_version="s3v4"))
    read = {}
    for key in job.keys:
        url = s3.generate_presigned_url("get_object", {"Bucket": job.bucket, "Key": key})
        with urlopen(url) as response:
            read[key] = response.read()
    return read


def download_file(job: Job) -> Read:
    s3 = connect(job)
    target = job.folder / "photo"
    read = {}
    for key in job.keys:
        s3.download_file(job.bucket, key, str(target))
        read[key] = target.read_bytes()
    return read


def download_file_in_parts(job: Job) -> Read:
    s3 = connect(job)
    parts = TransferConfig(multipart_threshold=256 * 1024, multipart_chunksize=256 * 1024)
    target = job.folder / "photo"
    read = {}
    for key in job.keys:
        s3.download_file(job.bucket, key, str(target), Config=parts)
        read[key] = target.read_bytes()
    return read


def head_object(job: Job) -> Read:
    s3 = connect(job)
    return {key: s3.head_object(Bucket=job.bucket, Key=key)["ContentLength"] for key in job.keys}


def list_objects(job: Job) -> Read:
    listed = connect(job).list_objects(Bucket=job.bucket, Prefix=job.prefix)
    return {entry["Key"]: entry["Size"] for entry in listed["Contents"]}


def list_objects_v2(job: Job) -> Read:
    listed = connect(job).list_objects_v2(Bucket=job.bucket, Prefix=job.prefix)
    return {entry["Key"]: entry["Size"] for entry in listed["Contents"]}


def virtual_host(job: Job) -> Read:
    style = Config(s3={"addressing_style": "virtual"}, proxies={"http": job.proxy})
    s3 = boto3.client("s3", endpoint_url=job.endpoint, config=style)
    return {key: s3.get_object(Bucket=job.bucket, Key=key)["Body"].read() for key in job.keys}


def anonymous(job: Job) -> Read:
    s3 = boto3.client("s3", endpoint_url=job.endpoint, config=Config(signature_version=UNSIGNED))
    return {key: s3.get_object(Bucket=job.bucket, Key=key)["Body"].read() for key in job.keys}


def limits(job: Job) -> Read:
    s3 = connect(job)
    names = {"Bucket": job.bucket, "Key": f"{job.prefix}missing.jpg"}
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=job.bucket, Prefix=job.prefix)
    return {
        "missing": words_of(lambda: s3.get_object(**names)),
        "written": words_of(lambda: s3.put_object(**names, Body=b"text")),
        "keys": sum(len(page["Contents"]) for page in pages),
    }


if __name__ == "__main__":
    main(
        "boto3",
        *(get_object, presigned_url, download_file, download_file_in_parts),
        *(head_object, list_objects, list_objects_v2),
        *(virtual_host, anonymous, limits),
    )
