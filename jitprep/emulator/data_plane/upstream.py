"""A server behind the endpoint, and requests passed on to it as they came."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import httpx
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from jitprep.emulator.s3_errors import S3Error

# These speak of one connection, not of the message. Date is the endpoint's to add.
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"date",
        b"expect",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


class Upstream:
    """A server that requests are passed on to.

    Parameters
    ----------
    url
        Its scheme, host and port.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._client = httpx.AsyncClient(
            # No limit: a slow reader of one object must not keep another from beginning.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            timeout=httpx.Timeout(60.0, pool=None),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def forward(self, request: Request) -> ASGIApp:
        """Send ``request`` on, its path, query, Host and body untouched; stream the answer."""
        target = request.scope["raw_path"]
        if request.scope["query_string"]:
            target += b"?" + request.scope["query_string"]
        return await self.forward_as(request, target, request.headers.raw)

    async def forward_as(
        self,
        request: Request,
        target: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        answer_headers: Mapping[str, str] | None = None,
    ) -> ASGIApp:
        """Send ``request`` on under another path and query and with other headers.

        The answer gets those of ``answer_headers`` that it does not have.
        """
        sent = httpx.Request(
            # The target goes out as it is: httpx would mend what looks odd in a URL, such as a
            # key with dots, and it would no longer be what the client signed.
            request.method,
            self.url,
            headers=[(name, value) for name, value in headers if _end_to_end(name)],
            content=_body(request),
            extensions={"target": target, "timeout": self._client.timeout.as_dict()},
        )
        try:
            answer = await self._client.send(sent, stream=True)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        return _ForwardedResponse(answer, answer_headers or {})

    async def fetch(
        self, target: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> httpx.Response:
        """GET a document of the endpoint's own need, whole; PUT it where it has a body."""
        sent = httpx.Request(
            "GET" if body is None else "PUT",
            self.url,
            headers=dict(headers),
            content=body,
            extensions={"target": target.encode(), "timeout": self._client.timeout.as_dict()},
        )
        try:
            return await self._client.send(sent)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: httpx.HTTPError) -> S3Error:
        return S3Error(
            503,
            "ServiceUnavailable",
            f"The S3 behind this endpoint, {self.url}, does not answer "
            f"({type(error).__name__}). Check that it runs.",
        )


class _ForwardedResponse:
    """An upstream's answer, on its way to the client, with headers that it may lack."""

    def __init__(self, answer: httpx.Response, extra: Mapping[str, str]) -> None:
        self._answer = answer
        self._extra = extra

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the answer on, as it comes."""
        headers = [(name, value) for name, value in self._answer.headers.raw if _end_to_end(name)]
        headers += [
            (name.encode(), value.encode())
            for name, value in self._extra.items()
            if name not in self._answer.headers
        ]
        start = {"type": "http.response.start", "status": self._answer.status_code}
        try:
            await send({**start, "headers": headers})
            async for chunk in self._answer.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body"})
        except httpx.HTTPError:
            # The status is sent. Leaving the body short is the one way to say that it failed:
            # the server closes the connection, and the client finds bytes missing.
            return
        finally:
            await self._answer.aclose()


def _end_to_end(name: bytes) -> bool:
    return name.lower() not in _HOP_BY_HOP


def _body(request: Request) -> AsyncIterator[bytes] | None:
    if {"content-length", "transfer-encoding"}.isdisjoint(request.headers.keys()):
        return None
    return request.stream()
