"""Makes http.client, and so boto3, read the heads of answers whole or not at all."""

from __future__ import annotations

import http.client
from typing import Any

from jitprep.service.results.copy_metadata import MOST_METADATA

_read_headers = http.client._read_headers  # type: ignore[attr-defined]


def take_whole_heads() -> None:
    """Make http.client, and so boto3, take as many headers as S3 may send, or none.

    It gives up at 100 headers, and 2 KB of metadata may be more. Where the connection closes among the
    headers, it takes those that came for all: an object would lose metadata without an error.
    """
    # Python 3.15 gets a public way to set the number; the end has none.
    http.client._MAXHEADERS = MOST_METADATA  # type: ignore[attr-defined]
    http.client._read_headers = _read_whole  # type: ignore[attr-defined]


def _read_whole(file: Any, *limits: Any) -> list[bytes]:
    """Return the lines of a head, the last of them empty.

    Raises
    ------
    http.client.RemoteDisconnected
        As where no answer comes at all, and so what is tried again.
    """
    lines: list[bytes] = _read_headers(file, *limits)
    if lines[-1].strip(b"\r\n") or not lines[-1]:
        raise http.client.RemoteDisconnected("the connection closed within the headers")
    return lines
