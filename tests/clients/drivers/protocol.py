"""How a driver is told what to do, and tells what it got. Standard library alone.

A driver runs in its client's own environment, as a program of its own: jobs as JSON on standard input,
one report as JSON on standard output. Credentials and region come as they do to any program
that speaks to AWS, by environment variables.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Job:
    """What to read.

    Parameters
    ----------
    endpoint : str
        The endpoint's URL.
    bucket : str
        The alias of the access point, used as a bucket's name.
    prefix : str
        What the keys begin with, and no others.
    keys : tuple of str
        The objects to read.
    table : str
        A CSV file whose column ``key`` has them too: bucket and key, the bucket's own name.
    folder : Path
        An empty folder to write in.
    """

    endpoint: str
    bucket: str
    prefix: str
    keys: tuple[str, ...]
    table: str
    folder: Path

    @classmethod
    def of(cls, told: dict[str, Any]) -> Job:
        """Return the job that is told as JSON."""
        return cls(**told | {"keys": tuple(told["keys"]), "folder": Path(told["folder"])})


# Key to what was read of it: its bytes, or the size that the client was told.
Read = Mapping[str, bytes | int]


def main(package: str, *calls: Callable[[Job], Read]) -> None:
    """Do the jobs on standard input, with the one of `calls` that is named there.

    Parameters
    ----------
    package : str
        The client's distribution, whose version is reported.
    *calls : callable
        The ways of reading that this driver knows, by their names.
    """
    told = json.load(sys.stdin)
    (call,) = (known for known in calls if known.__name__ == told["call"])
    reads = [call(Job.of(job)) for job in told["jobs"]]
    report = {
        "version": version(package),
        "reads": [{key: _told(got) for key, got in read.items()} for read in reads],
    }
    json.dump(report, sys.stdout)


def _told(got: bytes | int) -> dict[str, str | int]:
    if isinstance(got, int):
        return {"size": got}
    return {"size": len(got), "sha256": hashlib.sha256(got).hexdigest()}
