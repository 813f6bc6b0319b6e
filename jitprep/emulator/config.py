"""What an endpoint is told when it starts."""

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
# What a signature's scope and a host's name can hold: botocore's rule, less its lone digits.
_REGION = re.compile(r"(?=.{1,63}$)[a-z0-9]+(?:-[a-z0-9]+)*")


class EndpointError(Exception):
    """The endpoint cannot start or was asked for something it does not have."""


@dataclass(frozen=True, kw_only=True)
class EndpointConfig:
    """The settings of one local endpoint.

    Parameters
    ----------
    host, port
        Where the endpoint listens. Port 0 takes any free port.
    extra_hosts
        More addresses to listen on, with the same port. With ``containers``, the address of
        Docker's default bridge is added where that interface exists.
    account, region, access_key, secret_key
        What the endpoint calls itself in ARNs, and the credentials that its clients sign with
        and that it signs requests to S3 with.
    session_token
        Of temporary credentials, which the S3 behind wants to see; None for lasting ones.
    verify_signatures
        Whether requests must be signed with those credentials, as on AWS.
    s3_url
        The S3 behind the endpoint. None starts moto's server.
    handler, function_name, workers
        The function that local workers run, ``module.function`` as Lambda spells it, the name it
        goes by, and how many processes run it.
    task_root
        The folder that the workers start in and import ``handler`` from. None is the current folder
        for a handler of your own; jitprep's is imported from where it is installed.
    worker_env
        Environment variables that the workers get on top of Lambda's own.
    containers
        Function name to the URLs of Runtime Interface Emulator containers that run it. A name
        found here has no local workers.
    container_url
        The URL at which containers reach this endpoint. None works it out: Docker's bridge
        address where there is one, else the endpoint's own URL.
    output
        Where the lines go that the workers write. None is standard output.
    timeout
        Seconds a function may take, to start as well as to answer. Lambda gives Object Lambda 60.
    concurrency
        How many invocations of one function may run or wait; one more is throttled. Lambda's own
        quota is 1000.
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
            raise EndpointError(f"port is {self.port}; it must be 0 to {_LAST_PORT}, 0 for any.")
        if not _REGION.fullmatch(self.region):
            raise EndpointError(f"region is {self.region!r}; it must be such as us-east-1.")
        if self.workers < 1:
            raise EndpointError(f"workers is {self.workers}; at least one must run the function.")
        if self.timeout <= 0:
            raise EndpointError(f"timeout is {self.timeout} s; it must be more than zero.")
        if self.concurrency < 1:
            raise EndpointError(f"concurrency is {self.concurrency}; at least one must be served.")
        if not (self.account.isdigit() and len(self.account) == 12):
            raise EndpointError(f"account is {self.account!r}; an AWS account has twelve digits.")
        if self.task_root is not None and not self.task_root.is_dir():
            raise EndpointError(f"task_root {self.task_root} is not a folder.")
        for name, urls in self.containers.items():
            if not urls:
                raise EndpointError(f"Function {name} has no container URL.")
        for url in self._urls():
            if not _is_url(url):
                raise EndpointError(f"{url!r} is not a URL such as http://127.0.0.1:9001.")

        if self.s3_url is not None and urlsplit(self.s3_url).path.strip("/"):
            raise EndpointError(
                f"s3_url {self.s3_url!r} has a path; buckets stand right behind the host."
            )

    def _urls(self) -> list[str]:
        urls = [url for pool in self.containers.values() for url in pool]
        return urls + [url for url in (self.s3_url, self.container_url) if url is not None]

    def function_arn(self, name: str) -> str:
        """Return the ARN that this endpoint gives the function ``name``."""
        partition, _ = partition_of(self.region)
        return f"arn:{partition}:lambda:{self.region}:{self.account}:function:{name}"


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False
