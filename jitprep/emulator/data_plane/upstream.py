"""Reverse proxy to a server behind the endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import httpx
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from jitprep.emulator.s3_errors import S3Error

# Headers of a single connection, not of the message. The endpoint adds Date itself.
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
    """A server that requests are forwarded to.

    Parameters
    ----------
    url
        Its scheme, host and port.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._client = httpx.AsyncClient(
            # No limit: slow clients must not prevent others from starting.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            timeout=httpx.Timeout(60.0, pool=None),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def forward(self, request: Request) -> ASGIApp:
        """Forward ``request`` with its path, query, Host and body unchanged; stream the response."""
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
        """Forward ``request`` with another path and query, and with other headers.

        ``answer_headers`` are added to the response if it does not have them.
        """
        sent = httpx.Request(
            # httpx would normalise a URL, such as a key with dots, and the client's signature would
            # no longer match. An explicit target is sent unchanged.
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
        """Send a request of the endpoint's own: a GET, or a PUT if there is a body."""
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
    """Streams an upstream response to the client, with additional headers."""

    def __init__(self, answer: httpx.Response, extra: Mapping[str, str]) -> None:
        self._answer = answer
        self._extra = extra

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the response as it arrives."""
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
            # The status is sent, so the failure can only truncate the body: the server closes the
            # connection, and the client notices the missing bytes.
            return
        finally:
            await self._answer.aclose()


def _end_to_end(name: bytes) -> bool:
    return name.lower() not in _HOP_BY_HOP


def _body(request: Request) -> AsyncIterator[bytes] | None:
    if {"content-length", "transfer-encoding"}.isdisjoint(request.headers.keys()):
        return None
    return request.stream()
