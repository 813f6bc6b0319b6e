"""`jitprep up`: the local endpoint."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cli.console import fail, out
from emulator import Endpoint, EndpointConfig, EndpointError
from emulator.routing import FUNCTION_URL

_OVERRIDES = "JITPREP_REQUEST_OVERRIDES"


def up(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any.")] = 9000,
    workers: Annotated[int, typer.Option(min=1, help="Local processes that run the function.")] = 2,
    s3: Annotated[
        str | None, typer.Option(metavar="URL", help="Use this S3 and not the one inside.")
    ] = None,
    function: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=URL",
            help="Send the function's events to a Runtime Interface Emulator container, one event at "
            "a time. May be repeated: several containers of one name share its work.",
        ),
    ] = None,
    container_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where the containers reach this endpoint, if not at the address of Docker's "
            "default bridge.",
        ),
    ] = None,
    region: Annotated[str, typer.Option(help="The region to be in.")] = "us-east-1",
    verify_signatures: Annotated[
        bool,
        typer.Option(
            "--verify-signatures/--no-verify-signatures",
            help="Refuse requests that are not signed with the endpoint's credentials, as AWS does.",
        ),
    ] = True,
) -> None:
    """Serve S3 with Object Lambda on one URL, until Ctrl-C."""
    try:
        config = EndpointConfig(
            host=host,
            port=port,
            workers=workers,
            s3_url=s3,
            containers=_containers(function or []),
            container_url=container_url,
            region=region,
            verify_signatures=verify_signatures,
            # Epochs are tried here first; what is deployed allows them where its operator says so.
            worker_env={_OVERRIDES: os.environ.get(_OVERRIDES, "seed")},
        )
        endpoint = Endpoint(config)
        endpoint.start()
    except EndpointError as error:
        fail(str(error))
    try:
        _say(endpoint)
        endpoint.wait()
    finally:
        endpoint.stop()
    out.print("stopped")


def _containers(functions: list[str]) -> dict[str, list[str]]:
    containers: dict[str, list[str]] = {}
    for text in functions:
        name, equals, url = text.partition("=")
        if not (name and equals and url):
            fail(
                f"--function takes NAME=URL, such as preprocess=http://127.0.0.1:9001, got {text!r}"
            )
        containers.setdefault(name, []).append(url)
    return containers


def _function_urls(endpoint: Endpoint) -> list[str]:
    names = {*endpoint.config.containers, endpoint.config.function_name}
    return [f"{endpoint.url}{FUNCTION_URL}{name}/" for name in sorted(names)]


def _say(endpoint: Endpoint) -> None:
    config = endpoint.config
    runs = [f"{name} in {len(urls)} container(s)" for name, urls in config.containers.items()]
    if config.function_name not in config.containers:
        runs.append(f"{config.function_name} in {config.workers} local worker(s)")
    lines = [
        f"S3 with Object Lambda on {' and '.join(endpoint.listen_urls)}",
        f"  S3          {config.s3_url or 'inside, in memory'}",
        f"  function    {', '.join(runs)}",
        f"  at URLs     {' and '.join(_function_urls(endpoint))}",
        f"  account     {config.account}, {config.region}, "
        f"credentials {config.access_key}/{config.secret_key}"
        f"{'' if config.verify_signatures else ', not verified'}",
        f"  try         AWS_ACCESS_KEY_ID={config.access_key} AWS_SECRET_ACCESS_KEY={config.secret_key} "
        f"aws --region {config.region} --endpoint-url {endpoint.url} s3 ls",
        "  stop        Ctrl-C",
    ]
    out.print("\n".join(lines), soft_wrap=True, markup=False)
