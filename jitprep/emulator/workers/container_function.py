"""A function that runs in containers with AWS's Runtime Interface Emulator."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence

import httpx

from jitprep.emulator.workers.container_pool import ContainerPool
from jitprep.emulator.workers.function import (
    Died,
    InvocationOutcome,
    NotInvoked,
    Raised,
    Returned,
    TimedOut,
)

_INVOKE = "/2015-03-31/functions/function/invocations"
_TIMED_OUT = re.compile(rb"Task timed out after (\d+\.\d+) seconds")
# The emulator times out after AWS_LAMBDA_FUNCTION_TIMEOUT, 300 s by default. Until then it must not
# get another event: a second one in flight can crash it.
_GIVE_UP_S = 305.0


class ContainerFunction:
    """A function in a pool of containers, with one invocation in flight in each.

    Parameters
    ----------
    name
        The function's name, for messages.
    urls
        The URLs of the emulators, for example ``http://127.0.0.1:9001``.
    timeout
        Seconds that a request waits for an invocation once it has begun.
    """

    def __init__(self, name: str, urls: Sequence[str], timeout: float) -> None:
        self._name = name
        self._timeout = timeout
        self._urls = urls
        self._pool = ContainerPool(urls)
        self._running: set[asyncio.Task[InvocationOutcome | None]] = set()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(_GIVE_UP_S, connect=5.0),
            # A failure on a kept connection would not show whether the container got the event.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            trust_env=False,
        )

    async def start(self) -> None:
        """Do nothing: the user starts the containers."""

    async def stop(self) -> None:
        """Cancel the invocations in flight. The containers keep running."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._pool.stop()
        await self._client.aclose()

    async def invoke(self, payload: bytes, request_id: str) -> InvocationOutcome:  # noqa: ARG002 - its own id
        """Run the function on one event, once a container is free.

        A container that refuses the connection did not get the event, so another one may.
        """
        while (url := await self._pool.take()) is not None:
            outcome = await self._within_time(url, payload)
            if outcome is not None:
                return outcome
        return NotInvoked(
            502,
            "ServiceException",
            f"No function container answers at {' or '.join(self._urls)}. Check with docker ps "
            "that it runs, and that its port 8080 is published at that address.",
        )

    async def _within_time(self, url: str, payload: bytes) -> InvocationOutcome | None:
        """Invoke one container; return None if it cannot be reached."""
        task = asyncio.create_task(self._call(url, payload))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # The container stays busy after the timeout, so only the wait ends, not the call.
        done, _ = await asyncio.wait({task}, timeout=self._timeout)
        if not done:
            return TimedOut(self._timeout)
        return Died("The endpoint stopped.") if task.cancelled() else task.result()

    async def _call(self, url: str, payload: bytes) -> InvocationOutcome | None:
        try:
            response = await self._client.post(url + _INVOKE, content=payload)
            outcome: InvocationOutcome | None = self._outcome(url, response)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            await self._pool.set_aside(url)
            return None
        except httpx.ReadTimeout:
            outcome = TimedOut(_GIVE_UP_S)
        except httpx.HTTPError as error:
            outcome = NotInvoked(
                502,
                "ServiceException",
                f"The function container at {url} broke the connection ({type(error).__name__}: "
                f"{error}). Run docker logs to see why.",
            )
        await self._pool.give(url)
        return outcome

    def _outcome(self, url: str, response: httpx.Response) -> InvocationOutcome:
        """Interpret the emulator's response, by its body first: its statuses are not Lambda's.

        An error of the function has status 200, or 502 if its process ended, as it does after a
        response that is too large.
        """
        body = response.content
        if overdue := _TIMED_OUT.match(body):
            return TimedOut(float(overdue[1]))
        if _is_error(body):
            return Raised(body)
        if response.status_code != httpx.codes.OK:
            return NotInvoked(
                response.status_code,
                response.headers.get("x-amzn-errortype", "ServiceException"),
                f"Function {self._name}: the container at {url} answered {response.status_code}: "
                f"{body[:500].decode(errors='replace')}",
            )
        return Returned(body)


def _is_error(body: bytes) -> bool:
    try:
        value = json.loads(body)
    except ValueError:
        return False
    return isinstance(value, dict) and {"errorType", "errorMessage"} <= value.keys()
