"""The AWS command line, version 1."""

from __future__ import annotations

import json
import os
import sys

from awscli.clidriver import main as command_line
from protocol import Job, Read, main


def run(job: Job, *words: str) -> tuple[int, str, str]:
    """Run `aws` and return its exit status and what it wrote to standard output and error.

    A fork of this process does what the command's script does. It has imported the client already,
    which takes most of a command's time.
    """
    written = [job.folder / "stdout", job.folder / "stderr"]
    child = os.fork()
    if child == 0:
        for number, path in enumerate(written, start=1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        sys.argv = ["aws", "--endpoint-url", job.endpoint, *words]
        sys.exit(command_line())
    _, status = os.waitpid(child, 0)
    out, errors = (path.read_text() for path in written)
    for path in written:
        path.unlink()
    return os.waitstatus_to_exitcode(status), out, errors


def aws(job: Job, *words: str) -> str:
    """Run `aws` and return what it printed."""
    status, out, errors = run(job, *words)
    if status:
        raise OSError(errors)
    return out


def aws_error(job: Job, *words: str) -> str:
    """Run `aws` and return its standard error."""
    return run(job, *words)[2]


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
