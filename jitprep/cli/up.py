"""`jitprep up`: run the local endpoint."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from jitprep.cli.console import fail, out, parse_path
from jitprep.cli.serving import function_settings
from jitprep.cli.serving.endpoint_places import EndpointPlaces
from jitprep.emulator import Endpoint, EndpointConfig, EndpointError
from jitprep.emulator.config import InvokeMode
from jitprep.emulator.routing import FUNCTION_URL
from jitprep.emulator.workers.local_function import runtime_client
from jitprep.playground.page_server import PAGE_PATH, PageServer

_OVERRIDES = "JITPREP_REQUEST_OVERRIDES"
_ALIAS_ENDING = "-s3alias"


def up(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any free port.")] = 9000,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Number of local processes that run the function. Default: 2, or 1 with "
            "--function-concurrency."
        ),
    ] = None,
    function_concurrency: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Run the function as Lambda Managed Instances does: N events at once in each worker, "
            "each in a child process.",
        ),
    ] = None,
    invoke_mode: Annotated[
        InvokeMode,
        typer.Option(
            help="Whether the Function URL sends a response once it is complete, or as the function "
            "streams it.",
        ),
    ] = InvokeMode.BUFFERED,
    stream_rate: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="MB",
            help="Megabytes per second of a streamed response after its first 6 MB. Lambda's limit is "
            "2. Default: as fast as possible.",
        ),
    ] = None,
    s3: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Use this S3 in place of the built-in one. Its credentials come from where AWS's tools "
            "find them, and clients sign with the same.",
        ),
    ] = None,
    bucket: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A bucket that the function may read with its own role, as NAME or ALIAS=NAME. The "
            "built-in S3 creates it. May be repeated. Sets JITPREP_BUCKETS.",
        ),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BUCKET[/PREFIX]",
            help="Where batch jobs may write results. The built-in S3 creates the bucket. May be "
            "repeated. Sets JITPREP_OUTPUTS.",
        ),
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="What a request may choose: pipeline or seed. May be repeated. Sets "
            "JITPREP_REQUEST_OVERRIDES; without either, requests may choose a seed.",
        ),
    ] = None,
    presets: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            parser=parse_path,
            help="TOML file of the function's presets. Sets JITPREP_PRESETS.",
        ),
    ] = None,
    function: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=URL",
            help="A Runtime Interface Emulator container that runs the function NAME, one event at a "
            "time. May be repeated: containers of one name share its events.",
        ),
    ] = None,
    container_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="URL at which containers reach this endpoint. Default: the address of Docker's "
            "bridge.",
        ),
    ] = None,
    region: Annotated[
        str, typer.Option(help="AWS region that the endpoint reports.")
    ] = "us-east-1",
    verify_signatures: Annotated[
        bool,
        typer.Option(
            "--verify-signatures/--no-verify-signatures",
            help="Refuse requests without a valid signature, as AWS does.",
        ),
    ] = True,
) -> None:
    """Serve S3 with Object Lambda on one URL, until Ctrl-C.

    The built-in S3 keeps its objects in memory, and loses them at the end.
    """
    settings = function_settings.environment(bucket or [], output or [], override or [], presets)
    buckets = _bucket_names([*(bucket or []), *(output or [])])
    places = EndpointPlaces(buckets)
    page = PageServer(places, {host})
    try:
        config = EndpointConfig(
            host=host,
            port=port,
            workers=_workers(workers, function_concurrency),
            function_concurrency=function_concurrency,
            invoke_mode=invoke_mode,
            stream_rate=None if stream_rate is None else stream_rate * 2**20,
            s3_url=s3,
            containers=_containers(function or []),
            container_url=container_url,
            region=region,
            verify_signatures=verify_signatures,
            mounted={PAGE_PATH: page},
            # A seed per epoch works here at once. On AWS the function's operator must allow it.
            worker_env={_OVERRIDES: os.environ.get(_OVERRIDES, "seed"), **settings},
            **(_credentials() if s3 else {}),
        )
        if config.function_name not in config.containers:
            runtime_client(config)
    except EndpointError as error:
        fail(str(error), 2)
    if config.function_name not in config.containers:
        function_settings.require_valid(settings)
    elif settings:
        fail(
            f"{', '.join(settings)} configures local workers, and {config.function_name} runs in a "
            "container; set it there",
            2,
        )
    try:
        endpoint = Endpoint(config)
        places.endpoint = endpoint
        endpoint.start()
    except EndpointError as error:
        fail(str(error))
    try:
        if s3 is None:
            _make(endpoint, buckets)
        os.environ |= settings  # for the page too
        _say(endpoint, page)
        endpoint.wait()
    finally:
        endpoint.stop()
    out.print("stopped")


def _workers(given: int | None, function_concurrency: int | None) -> int:
    if given is not None:
        return given
    return 2 if function_concurrency is None else 1


def _credentials() -> Mapping[str, Any]:
    access_key, secret_key, token = function_settings.credentials()
    return {"access_key": access_key, "secret_key": secret_key, "session_token": token}


def _containers(functions: list[str]) -> dict[str, list[str]]:
    containers: dict[str, list[str]] = {}
    for text in functions:
        name, equals, url = text.partition("=")
        if not (name and equals and url):
            message = (
                f"--function takes NAME=URL, such as preprocess=http://127.0.0.1:9001, got {text!r}"
            )
            raise EndpointError(message)
        containers.setdefault(name, []).append(url)
    return containers


def _bucket_names(options: Iterable[str]) -> list[str]:
    """Return the buckets that options name: ``NAME``, ``ALIAS=NAME`` or ``NAME/PREFIX``."""
    names = [each.rpartition("=")[2].partition("/")[0] for each in options]
    return list(dict.fromkeys(name for name in names if not name.endswith(_ALIAS_ENDING)))


def _make(endpoint: Endpoint, buckets: Sequence[str]) -> None:
    if not buckets:
        return
    from jitprep.emulator.testing import LocalObjectLambda  # noqa: PLC0415  boto3 is slow to import

    client = LocalObjectLambda(endpoint).client("s3")
    region = endpoint.config.region
    where = (
        {}
        if region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    # The port is open already, so a client may have created it first.
    there = (client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists)
    for name in buckets:
        try:
            client.create_bucket(Bucket=name, **where)
        except there:
            continue
        except client.exceptions.ClientError as error:
            fail(f"the bucket {name!r} cannot be created: {error.response['Error']['Message']}", 2)


def _function_urls(endpoint: Endpoint) -> list[str]:
    names = {*endpoint.config.containers, endpoint.config.function_name}
    return [f"{endpoint.url}{FUNCTION_URL}{name}/" for name in sorted(names)]


def _say(endpoint: Endpoint, page: PageServer) -> None:
    config = endpoint.config
    runs = [f"{name} in {len(urls)} container(s)" for name, urls in config.containers.items()]
    if config.function_name not in config.containers:
        at_once = config.function_concurrency
        each = f", {at_once} events at once in each" if at_once else ""
        runs.append(f"{config.function_name} in {config.workers} local worker(s){each}")
    keys, signing = f"{config.access_key}, from the environment", ""
    if config.s3_url is None:  # do not print the secrets of another S3
        keys = f"{config.access_key}/{config.secret_key}"
        signing = (
            f"AWS_ACCESS_KEY_ID={config.access_key} AWS_SECRET_ACCESS_KEY={config.secret_key} "
        )
    lines = [
        f"S3 with Object Lambda on {' and '.join(endpoint.listen_urls)}",
        f"  S3          {config.s3_url or 'built in, in memory: lost when this command ends'}",
        f"  function    {', '.join(runs)}",
        f"  URLs        {' and '.join(_function_urls(endpoint))} ({config.invoke_mode})",
        f"  account     {config.account}, {config.region}, credentials {keys}"
        f"{'' if config.verify_signatures else ', not verified'}",
        f"  try         {signing}aws --region {config.region} --endpoint-url {endpoint.url} s3 ls",
        f"  page        {page.url(endpoint.url)}",
        "  stop        Ctrl-C",
    ]
    out.print("\n".join(lines), soft_wrap=True, markup=False)
