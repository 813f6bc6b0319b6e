"""Assembles, starts and stops the parts of one endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack

from starlette.types import ASGIApp

from jitprep.emulator.app import App
from jitprep.emulator.config import EndpointConfig
from jitprep.emulator.control.access_points import AccessPoints
from jitprep.emulator.control.s3_control import S3Control
from jitprep.emulator.data_plane.dispatch import DataPlane
from jitprep.emulator.data_plane.pending_responses import PendingResponses
from jitprep.emulator.data_plane.s3_client import ObjectClient, Signer, SupportingAccessPoints
from jitprep.emulator.data_plane.upstream import Upstream
from jitprep.emulator.function_url.dispatch import FunctionUrls
from jitprep.emulator.jobs.control import JobsControl
from jitprep.emulator.jobs.runner import JobRunner
from jitprep.emulator.store_process import StoreProcess
from jitprep.emulator.workers.container_function import ContainerFunction
from jitprep.emulator.workers.function import Function
from jitprep.emulator.workers.local_function import LocalFunction, worker_command
from jitprep.emulator.workers.throttle import Throttle
from jitprep.sigv4.verification import Verifier

# A request may wait in the queue for a long time before its function reads the object.
_PRESIGNED_S = 3600


class Service:
    """One endpoint's functions and the S3 behind it.

    Parameters
    ----------
    config
        The settings.
    url
        The URL at which local workers reach the endpoint.
    container_url
        The URL at which containers reach it.
    """

    def __init__(self, config: EndpointConfig, url: str, container_url: str) -> None:
        self._config = config
        self._urls = (url, container_url)
        local = config.function_name not in config.containers
        command = worker_command(config, url) if local else None
        self._snapshot = command.snapshot if command else None
        self._local = LocalFunction(command, config.workers) if command else None
        self.sockets = [worker.socket for worker in self._local.workers] if self._local else []
        self._stack = AsyncExitStack()

    async def start(self) -> ASGIApp:
        """Start everything and return the ASGI application."""
        moto = await StoreProcess.start(self._config.account, self._config.region)
        self._stack.push_async_callback(moto.stop)
        control = self._upstream(moto.url)
        s3 = self._upstream(self._config.s3_url) if self._config.s3_url else control
        functions = self._functions()
        for function in functions.values():
            self._stack.push_async_callback(function.stop)
            await function.start()
        return self._app(functions, control, s3)

    async def stop(self) -> None:
        """Stop everything, in reverse order."""
        await self._stack.aclose()

    def _upstream(self, url: str) -> Upstream:
        upstream = Upstream(url)
        self._stack.push_async_callback(upstream.close)
        return upstream

    def _functions(self) -> dict[str, Function]:
        functions: dict[str, Function] = {
            name: ContainerFunction(name, urls, self._config.timeout)
            for name, urls in self._config.containers.items()
        }
        if self._local is not None:
            functions[self._config.function_name] = self._local
        limit = self._config.concurrency
        return {name: Throttle(function, limit) for name, function in functions.items()}

    def _app(self, functions: Mapping[str, Function], control: Upstream, s3: Upstream) -> App:
        config = self._config
        points, pending_responses = AccessPoints(), PendingResponses(config.timeout)
        signer = Signer(
            config.access_key,
            config.secret_key,
            config.session_token,
            config.region,
            _PRESIGNED_S,
        )
        runner = JobRunner(
            functions, self._places(functions), ObjectClient(s3, signer), config.account
        )
        self._stack.push_async_callback(runner.stop)
        supporting = SupportingAccessPoints(control, signer, config.account)
        workers = self._local.workers if self._local else []
        verifier = Verifier(self._secret_key, config.region)
        return App(
            workers={worker.address: worker for worker in workers},
            verifier=verifier if config.verify_signatures else None,
            mounted=config.mounted,
            access_points=points,
            data_plane=DataPlane(
                functions,
                pending_responses,
                s3,
                signer,
                supporting,
                self._input_urls(functions),
                config.timeout,
            ),
            pending_responses=pending_responses,
            functions=functions,
            function_urls=FunctionUrls(
                functions, config.account, config.region, config.invoke_mode
            ),
            control=S3Control(points, supporting, config.account, config.region),
            jobs=JobsControl(runner, config.account, config.region),
            s3_control=control,
            s3=s3,
        )

    def _secret_key(self, access_key: str) -> str | None:
        if access_key == self._config.access_key:
            return self._config.secret_key
        return None if self._snapshot is None else self._snapshot.secret_key(access_key)

    def _places(self, functions: Mapping[str, Function]) -> dict[str, int]:
        """Return how many invocations of each function can run at the same time."""
        config = self._config
        local = config.workers * (config.function_concurrency or 1)
        return {name: len(config.containers.get(name, ())) or local for name in functions}

    def _input_urls(self, functions: Mapping[str, Function]) -> dict[str, str]:
        """Return the base of each function's ``inputS3Url``: the endpoint, unless S3 is elsewhere."""
        url, container_url = self._urls
        return {
            name: self._config.s3_url or (container_url if name in self._config.containers else url)
            for name in functions
        }
