"""The processes of a phase: the S3 that can fail, the endpoint in front of it, and its access points."""

from __future__ import annotations

import http.client
import io
import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda
from soak.faults import Fault
from soak.load.clients import Door
from soak.workers import Workers, running_child

ROOT = Path(__file__).parents[1]
BUCKET = "photos"
WORKERS = 2
_CLIENT = "handler.runtime_client"
# Values that show that a log line contains a secret.
# They are values, not names, because a message may name a missing member of an event.
_SECRETS = re.compile(
    r"X-Amz-(?:Signature|Credential|Security-Token)=|AWS4-HMAC-SHA256 |SECRET"
    r"|[\"'](?:outputToken|principalId|accessKeyId)[\"']:"
)
# The log line of a worker's first request. The endpoint repeats the last lines of a worker that ended.
_FIRST = re.compile(r'\S+\[\d+\] .*"cold":true')
ACTIONS = ("GetObject", "HeadObject", "ListObjects", "ListObjectsV2")
FEATURES = (
    "GetObject-Range",
    "GetObject-PartNumber",
    "HeadObject-Range",
    "HeadObject-PartNumber",
)


class FaultyProxy:
    """A proxy that fails on request.

    Parameters
    ----------
    url
        Where it listens.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def fail(
        self,
        shares: Mapping[Fault, float],
        seed: int,
        writers: str | None = None,
        *,
        forges_all: bool = False,
    ) -> None:
        """Apply faults to these shares of its answers from now on, and reset the counts.

        ``writers`` is the endpoint that receives the functions' responses. With ``forges_all``, answers
        without a checksum are forged too.
        """
        port = urlsplit(writers).port if writers else None
        plan = {"seed": seed, "shares": dict(shares), "forges_all": forges_all}
        self._call("POST", {**plan, "writers": port})

    def behave(self) -> None:
        """Apply no faults from now on."""
        self.fail({}, 0)

    def done(self) -> dict[str, int]:
        """Return how often each fault was applied."""
        return self._call("GET", {})

    def _call(self, method: str, body: Mapping[str, object]) -> dict[str, int]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            connection.request(method, "/_plan", json.dumps(body))
            counts: dict[str, int] = json.load(connection.getresponse())
            return counts
        finally:
            connection.close()


class FaultyS3(FaultyProxy):
    """The S3 that can fail.

    Parameters
    ----------
    url
        Where the proxy listens.
    store
        Where the S3 behind it listens.
    """

    def __init__(self, url: str, store: str) -> None:
        super().__init__(url)
        self.store = Door(store)


@contextmanager
def faulty_s3() -> Iterator[FaultyS3]:
    """Start the S3 that can fail."""
    with _started("soak.faulty_s3") as said:
        yield FaultyS3(said["url"], said["store"])


@contextmanager
def faulty_proxy(port: int) -> Iterator[FaultyProxy]:
    """Start a proxy that can fail in front of a server on this machine."""
    with _started("soak.overflow.proxy", str(port)) as said:
        yield FaultyProxy(said["url"])


@contextmanager
def _started(module: str, *arguments: str) -> Iterator[dict[str, str]]:
    """Start a module, and yield what it says of itself; closing its input ends it."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


class Log(io.TextIOBase):
    """The workers' log, which is searched and counted but not stored."""

    def __init__(self) -> None:
        self.starts = 0
        self.secrets: list[str] = []
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        """Search some lines."""
        with self._lock:
            for line in text.splitlines():
                self.starts += bool(_FIRST.match(line))
                if _SECRETS.search(line):
                    self.secrets.append(line[:300])
        return len(text)


@dataclass(frozen=True)
class Stage:
    """An endpoint with its workers, its log and the S3 behind it."""

    s3: FaultyS3
    local: LocalObjectLambda
    workers: Workers
    log: Log
    _aliases: dict[str, str] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """The number of workers that ended without being killed, sampled or not."""
        return self.workers.lost + max(0, self.log.starts - len(self.workers.seen))

    @property
    def door(self) -> Door:
        """The address for clients."""
        return Door(self.local.url)

    def alias(self, spec: str, bucket: str = BUCKET) -> str:
        """Return the alias of the access point with this pipeline, and create it on first use."""
        if spec not in self._aliases:
            self._aliases[spec] = self.local.create_access_point(
                f"soak-{len(self._aliases)}",
                bucket,
                payload=json.dumps({"spec": spec}),
                actions=ACTIONS,
                features=FEATURES,
            )
        return self._aliases[spec]


@contextmanager
def stage(
    s3: FaultyS3,
    handler: str = "handler.app.lambda_handler",
    worker_env: Mapping[str, str] = MappingProxyType({}),
    timeout: float = 60.0,
    at_once: int | None = None,
) -> Iterator[Stage]:
    """Start an endpoint whose workers run ``handler`` on ``s3`` with a timeout per request.

    With ``at_once`` there is one, whose children run that many requests at once, as on Lambda Managed
    Instances.
    """
    log = Log()
    config = EndpointConfig(
        port=0,
        s3_url=s3.url,
        handler=handler,
        workers=WORKERS if at_once is None else 1,
        runtime_client=None if at_once is None else _CLIENT,
        function_concurrency=at_once,
        task_root=ROOT,
        worker_env=worker_env,
        timeout=timeout,
        output=log,  # type: ignore[arg-type]  # of TextIO it needs write and flush
    )
    # The endpoint's own messages about failures go to the same log.
    said = logging.StreamHandler(log)
    logging.getLogger("emulator").addHandler(said)
    try:
        with Endpoint(config) as endpoint, _workers(at_once) as workers:
            yield Stage(s3, LocalObjectLambda(endpoint), workers, log)
    finally:
        logging.getLogger("emulator").removeHandler(said)


def _workers(at_once: int | None) -> Workers:
    if at_once is None:
        return Workers()
    return Workers(_CLIENT.encode(), running_child(_CLIENT.encode()))
