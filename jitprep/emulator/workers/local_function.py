"""A function that runs in local workers, which share one queue."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from jitprep.emulator.config import EndpointConfig, EndpointError, InvokeMode
from jitprep.emulator.workers.child import AWS_CLIENT, INSTALLED, OWN_HANDLER
from jitprep.emulator.workers.function import Died, InvocationOutcome, Streamed
from jitprep.emulator.workers.invocation import Invocation
from jitprep.emulator.workers.snapshot import Snapshot
from jitprep.emulator.workers.worker import Worker
from jitprep.emulator.workers.worker_process import WorkerCommand

# The memory at which Lambda gives one vCPU. It is not enforced, but a function may read it.
_MEMORY_MB = 1769
# Lambda Managed Instances have at least 2 GB per vCPU; here there is one vCPU per process.
_MANAGED_MEMORY_MB, _MOST_MEMORY_MB = 2048, 32_768
# The image's entrypoint reads the same variable.
_CLIENT_VARIABLE = "JITPREP_RUNTIME_CLIENT"
_CLIENTS = {AWS_CLIENT: AWS_CLIENT, "jitprep": "handler.runtime_client"}


class LocalFunction:
    """A function in local worker processes, which take invocations in order of arrival."""

    def __init__(self, command: WorkerCommand, workers: int) -> None:
        self._queue: asyncio.Queue[Invocation] = asyncio.Queue()
        self._snapshot = command.snapshot
        self._tasks: list[asyncio.Task[None]] = []
        self.workers = [
            Worker(command, index, self._queue, self._refuse_if_none_starts)
            for index in range(workers)
        ]

    async def start(self) -> None:
        """Start the workers; invocations wait until one is ready."""
        self._tasks = [asyncio.create_task(worker.run()) for worker in self.workers]

    async def stop(self) -> None:
        """Stop the workers and the invocations that they run."""
        for worker in self.workers:
            worker.abandon("The endpoint stopped while the function was running.")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._refuse_waiting(Died("The endpoint stopped before the function ran."))

    async def invoke(self, payload: bytes, request_id: str) -> InvocationOutcome | Streamed:
        """Run the function on one event, once a worker is free."""
        invocation = Invocation(request_id, payload, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(invocation)
        if self._snapshot is not None:
            self._snapshot.needed.set()
        self._refuse_if_none_starts()
        try:
            return await invocation.outcome
        except asyncio.CancelledError:
            invocation.abandon()
            raise

    def _refuse_if_none_starts(self) -> None:
        """Fail the waiting invocations if no worker can start: nothing would ever take them."""
        failures = [worker.failure for worker in self.workers]
        if failures[0] is not None and None not in failures:
            self._refuse_waiting(failures[0])

    def _refuse_waiting(self, died: Died) -> None:
        while not self._queue.empty():
            self._queue.get_nowait().finish(died)


def worker_command(config: EndpointConfig, endpoint_url: str) -> WorkerCommand:
    """Return the command of the workers of ``config``, with the environment of a Lambda function.

    Raises
    ------
    EndpointError
        If the runtime client cannot do what ``config`` asks for.
    """
    folder = (config.task_root or Path.cwd()).resolve()
    # An unrelated handler.py in the current folder must not be taken for jitprep's own handler.
    root = INSTALLED if _is_own(config) else folder
    keys = (config.access_key, config.secret_key, config.session_token)
    snapshot = Snapshot(*keys) if config.snap_start else None
    return WorkerCommand(
        function_name=config.function_name,
        function_arn=config.function_arn(config.function_name),
        runtime_client=runtime_client(config),
        handler=config.handler,
        task_root=root,
        folder=folder,
        timeout=config.timeout,
        output=config.output,
        env={
            **_inherited(),
            **_lambda_env(config, root),
            **(_credentials_env(config) if snapshot is None else snapshot.env()),
            **_endpoint_env(endpoint_url),
            **config.worker_env,
        },
        concurrency=config.function_concurrency,
        stream_rate=config.stream_rate,
        snapshot=snapshot,
    )


def runtime_client(config: EndpointConfig) -> str:
    """Return the module of the runtime client that the workers of ``config`` run.

    Raises
    ------
    EndpointError
        If it is not known, or cannot stream where ``config`` asks for it.
    """
    if config.runtime_client is not None:
        return config.runtime_client
    if not _is_own(config):
        return AWS_CLIENT
    streams = config.invoke_mode == InvokeMode.RESPONSE_STREAM
    named = {**os.environ, **config.worker_env}.get(_CLIENT_VARIABLE)
    named = named or ("jitprep" if streams else AWS_CLIENT)
    if named not in _CLIENTS:
        known = " or ".join(_CLIENTS)
        raise EndpointError(f"{_CLIENT_VARIABLE} is {named!r}; it must be {known}.")
    if streams and named == AWS_CLIENT:
        raise EndpointError(
            f"invoke_mode is RESPONSE_STREAM, and {_CLIENT_VARIABLE} is {named}, which does not stream. "
            "Set it to jitprep."
        )
    return _CLIENTS[named]


def _is_own(config: EndpointConfig) -> bool:
    return config.task_root is None and config.handler == OWN_HANDLER


def _inherited() -> dict[str, str]:
    """Return this process's environment without its AWS settings and its proxies.

    The function must use the endpoint, not an AWS account that is configured on this machine.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "LAMBDA_", "_LAMBDA_"))
        and name.lower() not in {"http_proxy", "no_proxy", "all_proxy"}
    }


def _lambda_env(config: EndpointConfig, root: Path) -> dict[str, str]:
    return {
        "AWS_LAMBDA_FUNCTION_NAME": config.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        **_mode_env(config.function_concurrency),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{config.function_name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local/[$LATEST]",
        "AWS_REGION": config.region,
        "AWS_DEFAULT_REGION": config.region,
        "LAMBDA_TASK_ROOT": str(root),
        "_HANDLER": config.handler,
        "PYTHONUNBUFFERED": "1",
    }


def _credentials_env(config: EndpointConfig) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": config.access_key,
        "AWS_SECRET_ACCESS_KEY": config.secret_key,
        **({"AWS_SESSION_TOKEN": config.session_token} if config.session_token else {}),
    }


def _mode_env(concurrency: int | None) -> dict[str, str]:
    """Return the variables by which a function knows how Lambda runs it."""
    if concurrency is None:
        return {
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(_MEMORY_MB),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        }
    memory = min(concurrency * _MANAGED_MEMORY_MB, _MOST_MEMORY_MB)
    return {
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_MAX_CONCURRENCY": str(concurrency),
    }


def _endpoint_env(endpoint_url: str) -> dict[str, str]:
    """Return the variables that direct an unchanged function to the endpoint.

    AWS's SDKs put ``{RequestRoute}.`` before the endpoint's host, and that name does not resolve.
    With the endpoint as plain-HTTP proxy it need not. The endpoint treats unknown hosts as S3, so a
    function's plain-HTTP calls to other services reach it too.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTP_PROXY": endpoint_url,
        "http_proxy": endpoint_url,
    }
