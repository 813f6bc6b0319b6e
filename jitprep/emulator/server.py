"""The endpoint as an object that can be started and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Self

import uvicorn

from jitprep.emulator.config import EndpointConfig, EndpointError
from jitprep.emulator.http_protocol import EndpointHttpProtocol
from jitprep.emulator.service import Service
from jitprep.emulator.sockets import bridge_address, listen, url_of

_KEEP_ALIVE_S = 60
_LEAVE_S = 1
_ENDING = (signal.SIGINT, signal.SIGTERM)


class Endpoint:
    """S3 with Object Lambda on one URL, served from a background thread.

    Parameters
    ----------
    config
        The settings. The defaults run ``handler.app.lambda_handler`` on port 9000.

    Examples
    --------
    >>> with Endpoint(EndpointConfig(port=0)) as endpoint:  # doctest: +SKIP
    ...     s3 = boto3.client("s3", endpoint_url=endpoint.url)
    """

    def __init__(self, config: EndpointConfig | None = None) -> None:
        self.config = config or EndpointConfig()
        self._sockets: list[socket.socket] = []
        self._urls: list[str] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    @property
    def url(self) -> str:
        """The URL for clients on this machine."""
        return self.listen_urls[0]

    @property
    def listen_urls(self) -> list[str]:
        """Every URL that the endpoint listens on, the one for this machine first."""
        if not self._urls:
            raise EndpointError(
                "The endpoint is not started. Call start(), or use it in a with statement."
            )
        return list(self._urls)

    def start(self) -> None:
        """Listen, start the S3 and the workers, and return once requests are answered.

        Raises
        ------
        EndpointError
            If an address cannot be listened on, or the S3 inside does not start.
        """
        if self._thread is not None:
            raise EndpointError("The endpoint is already started.")
        self._sockets = listen(self.config)
        self._urls = [url_of(sock) for sock in self._sockets]
        self._loop, self._stopping = asyncio.new_event_loop(), asyncio.Event()
        started: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(self._loop, started), name="endpoint", daemon=True
        )
        self._thread.start()
        try:
            started.result()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the workers and the S3 inside, and close every port."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed, because the start failed
            self._loop.call_soon_threadsafe(self._stopping.set)
        thread.join()
        self._urls = []

    def wait(self) -> None:
        """Wait for Ctrl-C or SIGTERM. Only the main thread may call this."""
        # A shell starts background commands with SIGINT ignored, so set both explicitly.
        previous = {number: signal.getsignal(number) for number in _ENDING}
        try:
            asyncio.run(_signalled())
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, loop: asyncio.AbstractEventLoop, started: Future[None]) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(self._serve(started))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)  # start() raises it in the caller's thread

    async def _serve(self, started: Future[None]) -> None:
        service = Service(self.config, self.url, self._container_url())
        sockets = [*self._sockets, *service.sockets]
        try:
            app = await service.start()
        except BaseException:
            await service.stop()
            for sock in sockets:
                sock.close()
            raise
        server = uvicorn.Server(_uvicorn_config(app, self.config.timeout))
        serving = asyncio.create_task(server.serve(sockets))
        started.set_result(None)
        await self._stopping.wait()
        server.should_exit = True  # closes the ports while the parts stop
        await service.stop()
        await serving
        # A connection that a client still holds open would keep its transport alive.
        for connection in server.server_state.connections:
            connection.transport.abort()

    def _container_url(self) -> str:
        if self.config.container_url is not None:
            return self.config.container_url.rstrip("/")
        bridge = bridge_address()
        port = self._sockets[0].getsockname()[1]
        return f"http://{bridge}:{port}" if bridge else self.url


async def _signalled() -> None:
    # An event loop is woken through a file descriptor. A lock would miss a signal that arrives just
    # before the wait.
    loop, received = asyncio.get_running_loop(), asyncio.Event()
    for number in _ENDING:
        loop.add_signal_handler(number, received.set)
    await received.wait()


def _uvicorn_config(app: object, timeout: float) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=EndpointHttpProtocol,  # httptools accepts a proxy's request targets, http://host/path
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="critical",  # the application logs its own failures
        access_log=False,
        proxy_headers=False,  # the peer is the client; its X-Forwarded-For is not trusted
        server_header=False,
        # A worker's connection is idle while the function runs.
        timeout_keep_alive=int(timeout) + _KEEP_ALIVE_S,
        timeout_graceful_shutdown=_LEAVE_S,
    )
