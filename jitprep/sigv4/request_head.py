"""The head of a request as it was sent: what a signature covers, except the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class RequestHead:
    """A request's method, path, query and headers.

    Parameters
    ----------
    method
        The HTTP method.
    path, query
        The path and query as they were sent, percent-encoded. A byte that was sent raw is the character
        of Latin-1.
    headers
        The headers in order, with names in lower case.
    """

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]

    @classmethod
    def of_asgi(cls, scope: Mapping[str, Any]) -> RequestHead:
        """Return the head of the request with this ASGI scope."""
        return cls(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            [(name.decode("latin-1"), _text(value)) for name, value in scope["headers"]],
        )

    def header(self, name: str) -> str | None:
        """Return the first header of that name, or None."""
        for found, value in self.headers:
            if found == name:
                return value
        return None

    @property
    def parameters(self) -> dict[str, str]:
        """The query's parameters, decoded; of repeated ones, the last."""
        return dict(parse_qsl(self.query, keep_blank_values=True)) if self.query else {}


def _text(value: bytes) -> str:
    """Decode a header as its client encoded it: http.client sends Latin-1, most others UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
