"""The containers of one function: which are free, which are at work and which do not answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from urllib.parse import urlsplit

_PROBE_S = 1.0
_PORTS = {"http": 80, "https": 443}


class ContainerPool:
    """Containers, one event at a time in each.

    Parameters
    ----------
    urls
        Where they listen.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self._idle = deque(url.rstrip("/") for url in urls)
        self._busy = 0
        self._dead: set[str] = set()
        self._changed = asyncio.Condition()
        self._probes: set[asyncio.Task[None]] = set()

    async def take(self) -> str | None:
        """Return a free container once there is one; None where none answers any more."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._idle or not self._busy)
            if not self._idle:
                # One that has come back need not wait for its next probe.
                answers = await asyncio.gather(*map(self._revive, list(self._dead)))
                if not any(answers):
                    return None
            self._busy += 1
            return self._idle.popleft()

    async def give(self, url: str) -> None:
        """Give a container back."""
        async with self._changed:
            self._busy -= 1
            self._idle.append(url)
            self._changed.notify_all()

    async def set_aside(self, url: str) -> None:
        """Give a container back that does not answer; it is asked for until it does again."""
        async with self._changed:
            self._busy -= 1
            self._dead.add(url)
            self._changed.notify_all()
        task = asyncio.create_task(self._probe(url))
        self._probes.add(task)
        task.add_done_callback(self._probes.discard)

    async def stop(self) -> None:
        """Ask for nobody any more."""
        for task in self._probes:
            task.cancel()
        await asyncio.gather(*self._probes, return_exceptions=True)

    async def _probe(self, url: str) -> None:
        while url in self._dead:
            await asyncio.sleep(_PROBE_S)
            if await self._revive(url):
                async with self._changed:
                    self._changed.notify_all()

    async def _revive(self, url: str) -> bool:
        """Return whether a container that was set aside answers again."""
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
        if url in self._dead:  # two may have asked
            self._dead.remove(url)
            self._idle.append(url)
        return True
