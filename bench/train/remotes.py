"""Remotes on this machine, as processes of their own: `jitprep serve` and `jitprep up`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.environment import ROOT
from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint

_BUCKET = "photos"
# Of the mount and of the access point, and the function's default.
PRESET = "imagenet-uint8"
_URL = re.compile(r" (?:at|on) (http://[0-9.]+:[0-9]+)")
_START_S = 60.0


@dataclass(frozen=True)
class Remotes:
    """Addresses of the same results.

    Parameters
    ----------
    server : str
        URL of a server with the mount ``photos``.
    endpoint : str
        URL of a local endpoint whose function may read the bucket ``photos``.
    access_point : str
        Alias of an access point at the endpoint.
    """

    server: str
    endpoint: str
    access_point: str

    @property
    def function_url(self) -> str:
        """URL of the bucket behind the function's URL."""
        return f"{self.endpoint}/_lambda-url/preprocess/{_BUCKET}"


@contextmanager
def remotes(photographs: Mapping[str, bytes]) -> Iterator[Remotes]:
    """Run a server and an endpoint on photographs, given by key, each with one worker."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name, _BUCKET)
        folder.mkdir()
        for key, body in photographs.items():
            (folder / key).write_bytes(body)
        serve = ("serve", str(folder), "--pipeline", PRESET, "--port", "0")
        up = ("up", "--port", "0", "--workers", "1", "--bucket", _BUCKET, "--override", "seed")
        server, endpoint = (
            stack.enter_context(running(command, Path(name, command[0]).with_suffix(".log")))
            for command in (serve, up)
        )
        local = LocalObjectLambda(RunningEndpoint(endpoint))
        s3 = local.client("s3")
        for key, body in photographs.items():
            s3.put_object(Bucket=_BUCKET, Key=key, Body=body)
        payload = json.dumps({"pipeline": PRESET})
        yield Remotes(
            server, endpoint, local.create_access_point("bench", _BUCKET, payload=payload)
        )


@contextmanager
def running(
    arguments: Sequence[str], log: Path, variables: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a command of ours with one worker and these variables, and yield the URL that it prints."""
    with log.open("w") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "jitprep.cli.main", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, "JITPREP_WORKERS": "1", **(variables or {})},
        )
    try:
        yield _url(child, log)
    finally:
        child.terminate()
        child.wait(30)


def _url(child: subprocess.Popen[bytes], log: Path) -> str:
    ends = time.monotonic() + _START_S
    while child.poll() is None and time.monotonic() < ends:
        if found := _URL.search(log.read_text()):
            return found[1]
        time.sleep(0.1)
    raise RuntimeError(f"{child.args!r} did not start: {log.read_text()}")
