"""The pool of containers that run one function: idle, busy or unreachable."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from urllib.parse import urlsplit

_PROBE_S = 1.0
_PORTS = {"http": 80, "https": 443}


class ContainerPool:
    """Containers that each run one invocation at a time.

    Parameters
    ----------
    urls
        The URLs that they listen at.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self._idle = deque(url.rstrip("/") for url in urls)
        self._busy = 0
        self._unreachable: set[str] = set()
        self._changed = asyncio.Condition()
        self._probes: set[asyncio.Task[None]] = set()

    async def take(self) -> str | None:
        """Wait for an idle container and return it; None if every container is unreachable."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._idle or not self._busy)
            if not self._idle:
                # A container may be reachable again before its next probe.
                answers = await asyncio.gather(*map(self._revive, list(self._unreachable)))
                if not any(answers):
                    return None
            self._busy += 1
            return self._idle.popleft()

    async def give(self, url: str) -> None:
        """Return a container to the pool."""
        async with self._changed:
            self._busy -= 1
            self._idle.append(url)
            self._changed.notify_all()

    async def set_aside(self, url: str) -> None:
        """Take an unreachable container out of the pool, and probe it until it answers again."""
        async with self._changed:
            self._busy -= 1
            self._unreachable.add(url)
            self._changed.notify_all()
        task = asyncio.create_task(self._probe(url))
        self._probes.add(task)
        task.add_done_callback(self._probes.discard)

    async def stop(self) -> None:
        """Stop probing."""
        for task in self._probes:
            task.cancel()
        await asyncio.gather(*self._probes, return_exceptions=True)

    async def _probe(self, url: str) -> None:
        while url in self._unreachable:
            await asyncio.sleep(_PROBE_S)
            if await self._revive(url):
                async with self._changed:
                    self._changed.notify_all()

    async def _revive(self, url: str) -> bool:
        """Return whether an unreachable container answers again; if so, make it idle."""
        at = urlsplit(url)
        port = at.port or _PORTS[at.scheme]
        try:
            async with asyncio.timeout(_PROBE_S):
                _, writer = await asyncio.open_connection(at.hostname, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        if url in self._unreachable:  # two probes may run at the same time
            self._unreachable.remove(url)
            self._idle.append(url)
        return True
