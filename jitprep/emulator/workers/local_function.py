"""A function that runs in local workers, which share one queue."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from jitprep.emulator.config import EndpointConfig
from jitprep.emulator.workers.child import INSTALLED, OWN_HANDLER
from jitprep.emulator.workers.function import Died, InvocationOutcome
from jitprep.emulator.workers.worker import Invocation, Worker
from jitprep.emulator.workers.worker_process import WorkerCommand

# The memory at which Lambda gives one vCPU. It is not enforced, but a function may read it.
_MEMORY_MB = "1769"


class LocalFunction:
    """A function in local worker processes, which take invocations in order of arrival."""

    def __init__(self, command: WorkerCommand, workers: int) -> None:
        self._queue: asyncio.Queue[Invocation] = asyncio.Queue()
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

    async def invoke(self, payload: bytes, request_id: str) -> InvocationOutcome:
        """Run the function on one event, once a worker is free."""
        outcome: asyncio.Future[InvocationOutcome] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(Invocation(request_id, payload, outcome))
        self._refuse_if_none_starts()
        return await outcome

    def _refuse_if_none_starts(self) -> None:
        """Fail the waiting invocations if no worker can start: nothing would ever take them."""
        failures = [worker.failure for worker in self.workers]
        if failures[0] is not None and None not in failures:
            self._refuse_waiting(failures[0])

    def _refuse_waiting(self, died: Died) -> None:
        while not self._queue.empty():
            self._queue.get_nowait().finish(died)


def worker_command(config: EndpointConfig, endpoint_url: str) -> WorkerCommand:
    """Return the command of the workers of ``config``, with the environment of a Lambda function."""
    folder = (config.task_root or Path.cwd()).resolve()
    # An unrelated handler.py in the current folder must not be taken for jitprep's own handler.
    own = config.task_root is None and config.handler == OWN_HANDLER
    root = INSTALLED if own else folder
    return WorkerCommand(
        function_name=config.function_name,
        function_arn=config.function_arn(config.function_name),
        handler=config.handler,
        task_root=root,
        folder=folder,
        timeout=config.timeout,
        output=config.output,
        env={
            **_inherited(),
            **_lambda_env(config, root),
            **_endpoint_env(endpoint_url),
            **config.worker_env,
        },
    )


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
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": _MEMORY_MB,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{config.function_name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local/[$LATEST]",
        "AWS_REGION": config.region,
        "AWS_DEFAULT_REGION": config.region,
        "AWS_ACCESS_KEY_ID": config.access_key,
        "AWS_SECRET_ACCESS_KEY": config.secret_key,
        **({"AWS_SESSION_TOKEN": config.session_token} if config.session_token else {}),
        "LAMBDA_TASK_ROOT": str(root),
        "_HANDLER": config.handler,
        "PYTHONUNBUFFERED": "1",
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
