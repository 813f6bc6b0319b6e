"""uvicorn's HTTP protocol with S3's limits on headers, and with what ASGI leaves out.

That is the case of header names, trailers, and the connection that carries a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from jitprep.emulator.request_ids import RequestIds
from jitprep.emulator.s3_errors import S3Error, error_xml

_EXTENSION = "emulator"
_LONGEST_LINE = 8 * 1024  # bytes of a header's name and value
_LARGEST_HEAD = 64 * 1024  # bytes of the target and of all headers
_MOST_UNPARSED = 2 * 1024 * 1024  # awslambdaric puts a traceback of up to 1 MiB into a header


class ClientConnection:
    """A client's connection; ``closed`` is done when it has ended."""

    def __init__(self) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class EndpointHttpProtocol(HttpToolsProtocol):
    """HTTP protocol that keeps the case of header names, trailers, and the connection of a request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        self._connection = ClientConnection()
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        super().connection_lost(exc)
        if not self._connection.closed.done():
            self._connection.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Parse received bytes. Close the connection if a head exceeds the limit without ending."""
        self._unparsed = getattr(self, "_unparsed", 0) + len(data)
        super().data_received(data)
        if self._unparsed > _MOST_UNPARSED and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._names: list[bytes] = []
        self._size = 0
        self._trailers: dict[str, str] = {}
        self._in_body = False
        self._extension: dict[str, object] = {
            "names": self._names,
            "too_large": False,
            "trailers": self._trailers,
            "connection": self._connection,
        }
        self.scope["extensions"] = {_EXTENSION: self._extension}  # type: ignore[dict-item]

    def on_url(self, url: bytes) -> None:
        """Count a part of the target."""
        self._size += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header, unless the head exceeds a limit, or one trailer after a body."""
        if self._in_body:
            self._trailers[name.decode("latin-1").lower()] = value.decode("latin-1")
            return
        line = len(name) + len(value)
        self._size += line
        if line > _LONGEST_LINE or self._size > _LARGEST_HEAD:
            self._extension["too_large"] = True
            return
        super().on_header(name, value)
        self._names.append(name)

    def on_headers_complete(self) -> None:
        """Finish a head."""
        self._unparsed = 0
        self._in_body = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._unparsed = 0
        super().on_body(body)

    def _refuse(self) -> None:
        error = head_too_large()
        body = error_xml(error, RequestIds.new())
        head = (
            f"HTTP/1.1 {error.status} Bad Request\r\ncontent-type: application/xml\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


def head_too_large() -> S3Error:
    """Return the error of a head that is too large."""
    message = (
        f"Your request header section exceeds the maximum allowed size: {_LONGEST_LINE} bytes for one "
        f"header, {_LARGEST_HEAD} for all."
    )
    return S3Error(
        400, "RequestHeaderSectionTooLarge", message, {"MaxSizeAllowed": str(_LARGEST_HEAD)}
    )


def is_too_large(scope: Scope) -> bool:
    """Return whether a request's head exceeded a limit, so that headers were dropped."""
    return bool(scope["extensions"][_EXTENSION]["too_large"])


def headers_as_sent(scope: Scope) -> Iterator[tuple[str, str]]:
    """Yield a request's headers in order, each name as the client wrote it."""
    names = scope["extensions"][_EXTENSION]["names"]
    for name, (_, value) in zip(names, scope["headers"], strict=True):
        yield name.decode("latin-1"), value.decode("latin-1")


def trailers(scope: Scope) -> dict[str, str]:
    """Return the trailers that followed a request's body, once it was read; names in lower case."""
    found: dict[str, str] = scope["extensions"][_EXTENSION]["trailers"]
    return found


def connection_of(scope: Scope) -> ClientConnection:
    """Return the connection that carries a request."""
    found: ClientConnection = scope["extensions"][_EXTENSION]["connection"]
    return found
