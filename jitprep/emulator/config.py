"""The settings of an endpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from jitprep.emulator.partitions import partition_of
from jitprep.emulator.workers.child import OWN_HANDLER

DEFAULT_PORT = 9000
_LAST_PORT = 65535
# botocore's rule for a region, except that a region of digits only is not accepted.
_REGION = re.compile(r"(?=.{1,63}$)[a-z0-9]+(?:-[a-z0-9]+)*")


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
    containers
        Function name to the URLs of the Runtime Interface Emulator containers that run it. Such
        a function has no local workers.
    container_url
        The URL at which containers reach this endpoint. None takes the address of Docker's
        default bridge if there is one, else the endpoint's own URL.
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
    containers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    container_url: str | None = None
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
