"""`PageServer`: the page as an application that is built when it is first asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from jitprep.playground.guard import Guard

if TYPE_CHECKING:
    from jitprep.playground.app import PlaygroundApp
    from jitprep.playground.places import Place

# Not a valid name of a bucket.
PAGE_PATH = "/_play"


class PageServer:
    """The page below `PAGE_PATH`, for any server of ASGI applications.

    Parameters
    ----------
    find : callable
        Returns the places, as `Places` takes it.
    hosts : collection of str
        As for `Guard`.
    token : str, optional
        As for `Guard`.
    """

    def __init__(
        self,
        find: Callable[[], Iterable[Place]],
        hosts: Collection[str] = (),
        token: str | None = None,
    ) -> None:
        self._find, self._guard = find, Guard(hosts, PAGE_PATH, token)
        self._building = asyncio.Lock()
        self._app: PlaygroundApp | None = None
        self._answering: set[asyncio.Task[None]] = set()

    def url(self, server: str) -> str:
        """Return the page's URL on a server, with the token that lets a browser in."""
        return f"{server}{PAGE_PATH}/?token={self._guard.token}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        async with self._building:
            if self._app is None:  # in a thread, since what it imports takes a while
                self._app = await asyncio.to_thread(self._built)
        answering = asyncio.create_task(self._app(scope, receive, send))
        self._answering.add(answering)
        try:
            await asyncio.wait({answering})
        finally:
            answering.cancel()
            self._answering.discard(answering)
        if not answering.cancelled():
            answering.result()

    def leave_off(self) -> None:
        """Cancel what is under way, since a server that ends waits for its requests.

        Only the thread of the event loop may call it, a signal's handler included.
        """
        for answering in self._answering:
            answering.get_loop().call_soon_threadsafe(answering.cancel)

    def _built(self) -> PlaygroundApp:
        from jitprep.playground.app import PlaygroundApp  # noqa: PLC0415  see the module's docstring
        from jitprep.playground.desk import Desk  # noqa: PLC0415
        from jitprep.playground.places import Places  # noqa: PLC0415
        from jitprep.playground.playground import Playground  # noqa: PLC0415
        from jitprep.playground.uploads import Uploads  # noqa: PLC0415
        from jitprep.service.config import config  # noqa: PLC0415

        presets, limits = config().presets, config().policy.limits
        places = Places(self._find, limits.source_bytes)
        return PlaygroundApp(
            Playground(places, Uploads(), Desk(), presets, limits), self._guard, PAGE_PATH
        )
