"""`jitprep play`: a page in the browser, on which pipelines are built and tried."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import uvicorn

from jitprep.cli.console import fail, out, parse_path
from jitprep.cli.serving.play_places import mounted_places, named_places, sample_places
from jitprep.playground.page_server import PageServer
from jitprep.service.config import config
from jitprep.service.http.listening import listening_socket, url_at
from preprocessing.names import as_text

if TYPE_CHECKING:
    from jitprep.playground.places import Place

_BACKLOG = 128


def play(
    places: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PLACE",
            help="Folders and buckets to pick objects from: DIR, s3://BUCKET/PREFIX, gs://, az://. "
            "Default: the mounts of jitprep.toml, and the demo's photographs.",
        ),
    ] = None,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any free port.")] = 7600,
    endpoint_url: Annotated[
        str | None, typer.Option(metavar="URL", help="S3 to use in place of AWS's.")
    ] = None,
    presets: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", parser=parse_path, help="TOML file of presets. Sets JITPREP_PRESETS."
        ),
    ] = None,
) -> None:
    """Open a page on which pipelines are built and tried, until Ctrl-C.

    It reads the places and what is dropped on it, and nothing else. Its URL has a token, with
    which anyone reads all of them.
    """
    if presets is not None:
        os.environ["JITPREP_PRESETS"] = str(presets.resolve())
    try:
        sock = listening_socket(host, port)
    except ValueError as error:
        fail(str(error), 2)
    with sock, tempfile.TemporaryDirectory(prefix="jitprep-samples-") as samples:
        found = (
            named_places(places, endpoint_url)
            if places
            else [*mounted_places(), *sample_places(Path(samples))]
        )
        try:
            config()  # as the page reads it
        except ValueError as error:
            fail(str(error), 2)
        page = PageServer(lambda: found, {host})
        sock.listen(_BACKLOG)
        _say(page.url(url_at(sock)), found)
        _serve(page, sock)
    out.print("stopped")


def _say(url: str, places: Sequence[Place]) -> None:
    given = [f"  {place.name:<11} {as_text(place.shown_url)}" for place in places]
    lines = [
        f"open {url}",
        *(given or ["  no places; drop files on the page"]),
        "  stop        Ctrl-C",
    ]
    out.print("\n".join(lines), soft_wrap=True, markup=False)


def _serve(page: PageServer, sock: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM. uvicorn ends in order, and then raises the signal again."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    server = uvicorn.Server(
        uvicorn.Config(
            page,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            # The page logs its own errors. uvicorn's others are of what Ctrl-C cut off, and of clients
            # that speak no HTTP.
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=0,  # nobody waits for what is under way at Ctrl-C
        )
    )
    with suppress(KeyboardInterrupt):
        server.run([sock])
