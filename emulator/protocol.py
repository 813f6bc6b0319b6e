"""HTTP as uvicorn speaks it, remembering how the client wrote its headers' names."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_NAMES = "emulator.header_names"


class Protocol(HttpToolsProtocol):
    """ASGI has the names in lower case; a function finds them in its event as they were sent."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._names: list[bytes] = []
        self.scope["extensions"] = {_NAMES: {"names": self._names}}

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header."""
        super().on_header(name, value)
        self._names.append(name)


def headers_as_sent(scope: Scope) -> Iterator[tuple[str, str]]:
    """Return a request's headers in their order, each name as the client wrote it."""
    names = scope["extensions"][_NAMES]["names"]
    for name, (_, value) in zip(names, scope["headers"], strict=True):
        yield name.decode("latin-1"), value.decode("latin-1")
