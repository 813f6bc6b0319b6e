"""A browser that asks the page's application in this process."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx

from jitprep.playground.app import PlaygroundApp
from jitprep.playground.guard import Guard
from jitprep.playground.playground import Playground

from .material import playground

ADDRESS = "http://127.0.0.1:7600"


class Browser:
    """A browser with its cookies.

    Parameters
    ----------
    made : Playground, optional
    let_in : bool
        Whether it opened the printed URL.
    """

    def __init__(self, made: Playground | None = None, *, let_in: bool = True) -> None:
        guard = Guard((), "/_play")
        self.token = guard.token
        self.app = PlaygroundApp(made or playground(), guard, "/_play")
        self.cookies = httpx.Cookies()
        if let_in:
            assert self.get(f"/_play/?token={self.token}").status_code == 303

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.ask("GET", path, **given)

    def post(self, name: str, body: Any = None, **given: Any) -> httpx.Response:
        return self.ask("POST", f"/_play/api/{name}", json=body, **given)

    def rows(self, name: str, body: Any) -> list[dict[str, Any]]:
        """Return the rows of a streamed answer."""
        answer = self.post(name, body)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url=ADDRESS, cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **given)
                self.cookies.update(client.cookies)
                return answer

        return asyncio.run(asked())
