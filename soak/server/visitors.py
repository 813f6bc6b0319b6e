"""Clients of the server: boto3 for S3's reads, and signed POSTs for batches; both as patient as SDKs."""

from __future__ import annotations

import gc
import hashlib
import io
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import IO, Any

import boto3
import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from soak.load.clients import ONCE, at_once
from soak.load.disconnects import Leaving, stay_or_leave
from soak.load.reads import BROKEN, Outcome, Read, Verdict
from soak.server.stage import KEY, PATIENCE_S, SECRET

BATCH = "batch"
# As SDKs do by default, but more often: a worker takes seconds to start on a busy machine.
_TRIES = 12
_PAUSE_S = 0.25
_REGION = "us-east-1"


@dataclass(frozen=True)
class Entrance:
    """The address of the server, and when its clients try again.

    Parameters
    ----------
    url
        The address.
    again
        The codes of errors after which a client tries again.
    """

    url: str
    again: Sequence[str] = ()


class Visitor:
    """What clients of one process share: boto3 and urllib3, with a connection for each of them.

    Making boto3's client takes longer than many requests do.

    Parameters
    ----------
    entrance
        Where it goes.
    connections
        The number of clients.
    """

    def __init__(self, entrance: Entrance, connections: int) -> None:
        patience = Config(
            signature_version="s3v4",
            connect_timeout=PATIENCE_S,
            read_timeout=PATIENCE_S,
            max_pool_connections=connections,
        )
        self.s3 = boto3.client(
            "s3",
            endpoint_url=entrance.url,
            region_name=_REGION,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=ONCE.merge(patience),
        )
        self._entrance = entrance
        self._pool = urllib3.PoolManager(timeout=PATIENCE_S, retries=False, maxsize=connections)

    def leave(self) -> None:
        """Close all connections. urllib3 closes those of a pool when it is collected."""
        self._pool.clear()
        self.s3.close()
        gc.collect()

    def ask(self, job: Read | Leaving) -> Outcome:
        """Send a request until an answer comes that is not tried again; no try may take too long."""
        start = time.monotonic()
        for number in range(1, _TRIES + 1):
            begun = time.monotonic()
            outcome = self._ask_once(job)
            if (took := time.monotonic() - begun) > PATIENCE_S:
                return replace(outcome, verdict=Verdict.HUNG, detail=f"{number}: {took:.0f} s")
            refused = outcome.verdict is Verdict.REFUSED
            if not (refused and outcome.code in self._entrance.again) or number == _TRIES:
                break
            # Spread, so that the tries do not all meet again.
            time.sleep(number * _PAUSE_S * Random(f"{start}").uniform(0.5, 1.5))
        return replace(outcome, tries=number)

    def _ask_once(self, job: Read | Leaving) -> Outcome:
        if isinstance(job, Read) and job.operation == BATCH:
            return self._batch(job)
        return stay_or_leave(self.s3, job)

    def _batch(self, read: Read) -> Outcome:
        """Read a batch, and compare each of its rows."""
        body = json.dumps({"keys": [key for key, *_ in read.parameters["Rows"]]})
        url = f"{self._entrance.url}/_batch/{read.parameters['Bucket']}"
        signed = AWSRequest("POST", url, data=body)
        S3SigV4Auth(Credentials(KEY, SECRET), "s3", _REGION).add_auth(signed)
        try:
            answer = self._pool.request("POST", url, body=body, headers=dict(signed.headers))
        except (urllib3.exceptions.ReadTimeoutError, TimeoutError) as error:
            return Outcome(read.kind, Verdict.HUNG, detail=type(error).__name__)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return Outcome(read.kind, Verdict.REFUSED, BROKEN, detail=repr(error)[:300])
        if answer.status != 200:
            return Outcome(read.kind, Verdict.REFUSED, str(answer.status))
        return _compared(read, answer.data)


def ask_all(entrance: Entrance, jobs: Sequence[Read | Leaving], clients: int) -> list[Outcome]:
    """Do all jobs with several clients at once, and judge the answers; then close connections."""
    visitor = Visitor(entrance, clients)
    try:
        return at_once([visitor] * clients, jobs, Visitor.ask)
    finally:
        visitor.leave()


def _compared(read: Read, answer: bytes) -> Outcome:
    """Judge a batch: its rows, in order, and its last line."""
    wanted = read.parameters["Rows"]
    failed: list[str] = []
    for number, (row, body) in enumerate(_rows(io.BytesIO(answer))):
        if "rows" in row:
            if number != len(wanted) or row != {
                "rows": number - len(failed),
                "failed": len(failed),
            }:
                return _wrong(read, f"{number} rows came, and the last line is {row}")
            if failed:
                return Outcome(read.kind, Verdict.REFUSED, failed[0])
            return Outcome(read.kind, Verdict.RIGHT)
        if "errorCode" in row:
            failed.append(row["errorCode"])
        elif (row["key"], row["etag"], hashlib.sha256(body).hexdigest()) != wanted[number]:
            return _wrong(read, f"row {number} is {row}, with other bytes than {wanted[number]}")
    return Outcome(read.kind, Verdict.REFUSED, BROKEN, detail="a batch has no last line")


def _rows(body: IO[bytes]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yield the lines of a batch, each with its bytes, as far as they are whole."""
    while (line := body.readline()).endswith(b"\n"):
        row = json.loads(line)
        content = body.read(row.get("bytes", 0))
        if len(content) < row.get("bytes", 0):
            return
        yield row, content


def _wrong(read: Read, detail: str) -> Outcome:
    return Outcome(read.kind, Verdict.WRONG, detail=detail[:600])
