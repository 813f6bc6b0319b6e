"""A function run by containers with AWS's Runtime Interface Emulator in them."""

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
# The emulator gives up by itself after AWS_LAMBDA_FUNCTION_TIMEOUT, 300 s if that is not set. Only
# then is it safe to send it another event: a second one in flight can crash it.
_GIVE_UP_S = 305.0


class ContainerFunction:
    """A function in a pool of containers, one invocation in flight in each.

    Parameters
    ----------
    name
        The function's name, for messages.
    urls
        Where the emulators listen, for example ``http://127.0.0.1:9001``.
    timeout
        Seconds that a reader waits for an invocation once it has begun.
    """

    def __init__(self, name: str, urls: Sequence[str], timeout: float) -> None:
        self._name = name
        self._timeout = timeout
        self._urls = urls
        self._pool = ContainerPool(urls)
        self._running: set[asyncio.Task[InvocationOutcome | None]] = set()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(_GIVE_UP_S, connect=5.0),
            # A kept connection of a container that has died would look like one that was used.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            trust_env=False,
        )

    async def start(self) -> None:
        """Do nothing: the containers are started by whoever owns them."""

    async def stop(self) -> None:
        """Leave the containers alone, and give up on what they still run."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._pool.stop()
        await self._client.aclose()

    async def invoke(self, payload: bytes, request_id: str) -> InvocationOutcome:  # noqa: ARG002 - its own id
        """Run the function on one event, once a container is free.

        One that refuses the connection was not asked, so that another may be.
        """
        while (url := await self._pool.take()) is not None:
            outcome = await self._within_time(url, payload)
            if outcome is not None:
                return outcome
        return NotInvoked(
            502,
            "ServiceException",
            f"No function container answers at {' or '.join(self._urls)}. Check that it runs, and "
            "that its port 8080 is published at that address: docker ps.",
        )

    async def _within_time(self, url: str, payload: bytes) -> InvocationOutcome | None:
        """Ask one container; None where it cannot be reached."""
        task = asyncio.create_task(self._call(url, payload))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # The container stays busy past the reader's time, so only the waiting ends, not the call.
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
                f"{error}). Its own log says why: docker logs.",
            )
        await self._pool.give(url)
        return outcome

    def _outcome(self, url: str, response: httpx.Response) -> InvocationOutcome:
        """Read what the emulator says: by its words first, for its statuses are not Lambda's.

        An error of the function is 200, and 502 where its process has ended, as it does at a response
        that is too large.
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
