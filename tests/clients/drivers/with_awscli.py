"""The AWS command line, version 1."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from protocol import Job, Read, main


def aws(job: Job, *words: str) -> str:
    """Run `aws` and return what it printed."""
    command = [str(Path(sys.executable).with_name("aws")), "--endpoint-url", job.endpoint, *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def aws_error(job: Job, *words: str) -> str:
    """Run `aws` and return its standard error."""
    command = [str(Path(sys.executable).with_name("aws")), "--endpoint-url", job.endpoint, *words]
    return subprocess.run(command, check=False, capture_output=True, text=True).stderr


def s3api_get_object(job: Job) -> Read:
    target = job.folder / "photo"
    read = {}
    for key in job.keys:
        aws(job, "s3api", "get-object", "--bucket", job.bucket, "--key", key, str(target))
        read[key] = target.read_bytes()
    return read


def s3_cp(job: Job) -> Read:
    target = job.folder / "photo"
    read = {}
    for key in job.keys:
        aws(job, "s3", "cp", f"s3://{job.bucket}/{key}", str(target))
        read[key] = target.read_bytes()
    return read


def s3_cp_recursive(job: Job) -> Read:
    aws(job, "s3", "cp", "--recursive", f"s3://{job.bucket}/{job.prefix}", str(job.folder))
    return {key: (job.folder / key.removeprefix(job.prefix)).read_bytes() for key in job.keys}


def s3api_head_object(job: Job) -> Read:
    heads = {
        key: aws(job, "s3api", "head-object", "--bucket", job.bucket, "--key", key)
        for key in job.keys
    }
    return {key: json.loads(head)["ContentLength"] for key, head in heads.items()}


def s3api_list_objects_v2(job: Job) -> Read:
    words = ("--bucket", job.bucket, "--prefix", job.prefix)
    listed = json.loads(aws(job, "s3api", "list-objects-v2", *words))
    return {entry["Key"]: entry["Size"] for entry in listed["Contents"]}


def s3_ls(job: Job) -> Read:
    lines = aws(job, "s3", "ls", "--recursive", f"s3://{job.bucket}/{job.prefix}").splitlines()
    entries = [line.split(maxsplit=3) for line in lines]
    return {key: int(size) for _day, _time, size, key in entries}


def limits(job: Job) -> Read:
    name = f"s3://{job.bucket}/{job.prefix}missing.jpg"
    return {
        "missing": aws_error(job, "s3", "cp", name, str(job.folder / "photo")),
        "written": aws_error(job, "s3", "cp", __file__, name),
        "keys": len(aws(job, "s3", "ls", f"s3://{job.bucket}/{job.prefix}").splitlines()),
    }


if __name__ == "__main__":
    main(
        "awscli",
        *(s3api_get_object, s3_cp, s3_cp_recursive),
        *(s3api_head_object, s3api_list_objects_v2, s3_ls, limits),
    )
