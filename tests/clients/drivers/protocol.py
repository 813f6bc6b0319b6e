"""The protocol between the tests and a client's driver. Uses only the standard library.

A driver is a program in its client's environment. It reads jobs as JSON from standard input, and
writes a report as JSON to standard output. Credentials and region come from environment variables.
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
    """The objects that a driver reads.

    Parameters
    ----------
    endpoint : str
        The endpoint's URL.
    bucket : str
        The alias of the access point, used as a bucket's name.
    prefix : str
        The common prefix of the keys, which no other keys have.
    keys : tuple of str
        The objects to read.
    table : str
        The bucket and key of a CSV file whose column ``key`` lists the keys.
    folder : Path
        An empty folder to write in.
    proxy : str
        An HTTP proxy through which the endpoint's subdomains resolve; empty without one.
    """

    endpoint: str
    bucket: str
    prefix: str
    keys: tuple[str, ...]
    table: str
    folder: Path
    proxy: str = ""

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Job:
        """Return the job with these JSON fields."""
        return cls(**fields | {"keys": tuple(fields["keys"]), "folder": Path(fields["folder"])})


# Key to the object's bytes, to the size that the client reported, or to the words of its error.
Read = Mapping[str, bytes | int | str]


def main(package: str, *calls: Callable[[Job], Read]) -> None:
    """Run the jobs on standard input, with the call that they name.

    Parameters
    ----------
    package : str
        The client's distribution, whose version is reported.
    *calls : callable
        The calls of this driver.
    """
    fields = json.load(sys.stdin)
    (call,) = (known for known in calls if known.__name__ == fields["call"])
    reads = [call(Job.of(job)) for job in fields["jobs"]]
    report = {
        "version": version(package),
        "reads": [{key: _report(got) for key, got in read.items()} for read in reads],
    }
    json.dump(report, sys.stdout)


def words_of(call: Callable[[], object]) -> str:
    """Return the class and the message of the error that a call raises; empty without an error."""
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _report(got: bytes | int | str) -> dict[str, str | int]:
    if isinstance(got, int):
        return {"size": got}
    if isinstance(got, str):
        return {"error": got}
    return {"size": len(got), "sha256": hashlib.sha256(got).hexdigest()}
