"""The settings of an endpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from jitprep.emulator.partitions import partition_of
from jitprep.emulator.workers.child import OWN_HANDLER

DEFAULT_PORT = 9000
_LAST_PORT = 65535
# Lambda's limit of concurrent events in one execution environment: 64 for each vCPU, here for one.
_MOST_CONCURRENT = 64
# botocore's rule for a region, except that a region of digits only is not accepted.
_REGION = re.compile(r"(?=.{1,63}$)[a-z0-9]+(?:-[a-z0-9]+)*")


class InvokeMode(StrEnum):
    """How a Function URL sends responses, in AWS's names."""

    BUFFERED = "BUFFERED"
    RESPONSE_STREAM = "RESPONSE_STREAM"


class EndpointError(Exception):
    """The endpoint cannot start, or was used before it started."""


@dataclass(frozen=True, kw_only=True)
class EndpointConfig:
    """The settings of one local endpoint.

    Parameters
    ----------
    host, port
        The address that the endpoint listens on. Port 0 takes any free port.
    extra_hosts
        More addresses to listen on, at the same port. With ``containers``, the address of
        Docker's default bridge is added if that interface exists.
    account, region, access_key, secret_key
        The account and region in its ARNs, and the credentials with which clients sign requests
        to the endpoint, and the endpoint signs requests to S3.
    session_token
        The session token of temporary credentials for the S3 behind; None for permanent ones.
    verify_signatures
        Whether requests must be signed with these credentials, as on AWS.
    s3_url
        The S3 behind the endpoint. None starts one in memory.
    handler, function_name, workers
        The function that local workers run, ``module.function`` as Lambda spells it; its name;
        and the number of processes that run it.
    task_root
        The folder that the workers start in and import ``handler`` from. None is the current folder
        for a handler of your own; jitprep's is imported from where it is installed.
    worker_env
        Environment variables for the workers, in addition to Lambda's own.
    runtime_client
        The module of the client of the Runtime API that workers run. None is ``awslambdaric``; for
        jitprep's handler it is the client that ``JITPREP_RUNTIME_CLIENT`` names, or jitprep's own
        where ``invoke_mode`` is RESPONSE_STREAM.
    function_concurrency
        Events that each local worker takes at the same time, as on Lambda Managed Instances. None
        is one, as in Lambda's default.
    snap_start
        Whether local workers wait in a snapshot until the first event, as with SnapStart: hooks run,
        and credentials from before the restore are refused after it.
    invoke_mode
        Whether Function URLs send a response once it is complete, or as the function streams it.
    stream_rate
        Bytes per second of a streamed response after its first 6 MB. Lambda's is 2 MB/s. None is
        no limit.
    containers
        Function name to the URLs of the Runtime Interface Emulator containers that run it. Such
        a function has no local workers.
    container_url
        The URL at which containers reach this endpoint. None takes the address of Docker's
        default bridge if there is one, else the endpoint's own URL.
    mounted
        ASGI applications by the path that they answer below, such as ``/_page``. They check who asks
        themselves: requests to them need no signature.
    output
        The stream that receives the workers' output. None is standard output.
    timeout
        Seconds that a function may take to start, and to answer. Object Lambda's limit is 60.
    concurrency
        Invocations of one function that may run or wait; more are throttled. Lambda's own quota
        is 1000.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    extra_hosts: Sequence[str] = ()
    account: str = "123456789012"
    region: str = "us-east-1"
    access_key: str = "test"
    secret_key: str = field(default="test", repr=False)
    session_token: str | None = field(default=None, repr=False)
    verify_signatures: bool = True
    s3_url: str | None = None
    handler: str = OWN_HANDLER
    function_name: str = "preprocess"
    workers: int = 2
    task_root: Path | None = None
    worker_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    runtime_client: str | None = None
    function_concurrency: int | None = None
    snap_start: bool = False
    invoke_mode: InvokeMode = InvokeMode.BUFFERED
    stream_rate: float | None = None
    containers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    container_url: str | None = None
    mounted: Mapping[str, ASGIApp] = field(default_factory=dict, repr=False)
    output: TextIO | None = field(default=None, repr=False)
    timeout: float = 60.0
    concurrency: int = 1000

    def __post_init__(self) -> None:
        if not 0 <= self.port <= _LAST_PORT:
            raise EndpointError(
                f"port is {self.port}; it must be from 0, for any free port, to {_LAST_PORT}."
            )
        if not _REGION.fullmatch(self.region):
            raise EndpointError(f"region is {self.region!r}; it must look like us-east-1.")
        if self.workers < 1:
            raise EndpointError(f"workers is {self.workers}; it must be at least 1.")
        self._require_valid_streams()
        if self.timeout <= 0:
            raise EndpointError(f"timeout is {self.timeout} s; it must be greater than 0.")
        if self.concurrency < 1:
            raise EndpointError(f"concurrency is {self.concurrency}; it must be at least 1.")
        if not (self.account.isdigit() and len(self.account) == 12):
            raise EndpointError(
                f"account is {self.account!r}; an AWS account ID has twelve digits."
            )
        if self.task_root is not None and not self.task_root.is_dir():
            raise EndpointError(f"task_root {self.task_root} is not a folder.")
        for name, urls in self.containers.items():
            if not urls:
                raise EndpointError(f"Function {name} has no container URL.")
        for url in self._urls():
            if not _is_url(url):
                raise EndpointError(f"{url!r} is not a URL like http://127.0.0.1:9001.")

        if self.s3_url is not None and urlsplit(self.s3_url).path.strip("/"):
            raise EndpointError(
                f"s3_url {self.s3_url!r} has a path; give only its scheme, host and port."
            )

    def _require_valid_streams(self) -> None:
        parallel = self.function_concurrency
        if parallel is not None and not 1 <= parallel <= _MOST_CONCURRENT:
            raise EndpointError(
                f"function_concurrency is {parallel}; it must be from 1 to {_MOST_CONCURRENT}."
            )
        if parallel is not None and self.function_name in self.containers:
            raise EndpointError(
                f"function_concurrency is for local workers, and {self.function_name} runs in a "
                "container. Set AWS_LAMBDA_MAX_CONCURRENCY there."
            )
        if parallel is not None and self.snap_start:
            raise EndpointError("Lambda Managed Instances have no SnapStart. Set only one of them.")
        if self.stream_rate is not None and self.stream_rate <= 0:
            raise EndpointError(
                f"stream_rate is {self.stream_rate} bytes/s; it must be greater than 0."
            )
        if self.invoke_mode not in tuple(InvokeMode):  # it may be plain text
            known = " or ".join(InvokeMode)
            raise EndpointError(f"invoke_mode is {self.invoke_mode!r}; it must be {known}.")
        if self.invoke_mode == InvokeMode.RESPONSE_STREAM and self.containers:
            raise EndpointError(
                "invoke_mode is RESPONSE_STREAM, but the Runtime Interface Emulator in the container "
                f"of {', '.join(self.containers)} does not stream. Run the function in local workers, "
                "or leave invoke_mode at BUFFERED."
            )

    def _urls(self) -> list[str]:
        urls = [url for pool in self.containers.values() for url in pool]
        return urls + [url for url in (self.s3_url, self.container_url) if url is not None]

    def function_arn(self, name: str) -> str:
        """Return the ARN of the function ``name`` at this endpoint."""
        partition, _ = partition_of(self.region)
        return f"arn:{partition}:lambda:{self.region}:{self.account}:function:{name}"


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is not a number
        return False
