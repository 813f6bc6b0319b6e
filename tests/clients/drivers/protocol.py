"""The protocol between the tests and a client's driver. Uses only the standard library.

A driver is a program in its client's environment, which stays for many requests. A request is a line of
JSON on standard input: a call, its jobs, and a folder. The driver forks a process for it, which writes
what it read to `report.json` in the folder, and its errors to `errors.txt`. Then the driver prints the
exit status of that process. The client is thus imported once, and each request finds it unused.
Credentials and region come from environment variables.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
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


def main(package: str, *calls: Callable[[Job], Read], has_threads: bool = False) -> None:
    """Run the requests on standard input, with the calls that they name, until it ends.

    Parameters
    ----------
    package : str
        The client's distribution, whose version is reported.
    *calls : callable
        The calls of this driver.
    has_threads : bool
        Whether the client has threads once it is imported. A fork would lack them, so each request
        runs in an interpreter of its own.
    """
    known = {call.__name__: call for call in calls}
    if has_threads and len(sys.argv) > 1:
        _run(json.loads(sys.argv[1]), package, known)
        return
    for line in sys.stdin:
        if has_threads:
            status = subprocess.run([sys.executable, sys.argv[0], line], check=False).returncode
        elif child := os.fork():
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        else:
            _run(json.loads(line), package, known)
            return
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


def _run(request: dict[str, Any], package: str, calls: Mapping[str, Callable[[Job], Read]]) -> None:
    """Run one request, the only one of this process."""
    folder = Path(request["folder"])
    os.environ["HOME"] = str(folder)
    with (folder / "errors.txt").open("wb") as errors:
        os.dup2(errors.fileno(), sys.stdout.fileno())
        os.dup2(errors.fileno(), sys.stderr.fileno())
    reads = [calls[request["call"]](Job.of(job)) for job in request["jobs"]]
    report = {
        "version": version(package),
        "reads": [{key: _report(got) for key, got in read.items()} for read in reads],
    }
    (folder / "report.json").write_text(json.dumps(report))


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
