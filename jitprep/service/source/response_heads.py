"""How http.client, and so boto3 and urllib3, read the head of an answer: all of it, or not at all."""

from __future__ import annotations

import http.client
from typing import Any

from jitprep.service.results.copy_metadata import MOST_METADATA

_read_headers = http.client._read_headers  # type: ignore[attr-defined]


def take_whole_heads() -> None:
    """Have http.client take as many headers as S3 stores metadata, and none of a head that breaks off.

    It gives up at 100 headers, and 2 KB are some hundred short names. And where the connection closes
    among the headers, it takes those that came for all: an object would lose metadata without a word.
    """
    # There are no other ways: before 3.15 for the number, and none for the end.
    http.client._MAXHEADERS = MOST_METADATA  # type: ignore[attr-defined]
    http.client._read_headers = _read_whole  # type: ignore[attr-defined]


def _read_whole(file: Any, *limits: Any) -> list[bytes]:
    """Return the lines of a head, of which the last is empty.

    Raises
    ------
    http.client.RemoteDisconnected
        What is raised where no answer comes at all, and so what is tried again.
    """
    lines: list[bytes] = _read_headers(file, *limits)
    if lines[-1].strip(b"\r\n") or not lines[-1]:
        raise http.client.RemoteDisconnected("the connection closed among the headers")
    return lines
