"""The heads of S3's answers: read whole or not at all, and what they say of the original."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from jitprep.service.http import content_codings
from jitprep.service.results.copy_metadata import MOST_METADATA, owner_metadata
from jitprep.service.s3_names import METADATA_HEADER
from preprocessing.frozen import frozen

_read_headers = http.client._read_headers  # type: ignore[attr-defined]
# S3's headers of the original that hold for the derived object too, beside the owner's metadata.
_PASSED_THROUGH = frozenset(
    {
        "cache-control",
        "x-amz-missing-meta",
        "x-amz-request-charged",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-bucket-key-enabled",
        "x-amz-version-id",
    }
)


@frozen
class ObjectHead:
    """What S3's headers say of an original.

    Parameters
    ----------
    etag : str
        As S3 sent it, in quotes.
    last_modified, content_type : str, optional
        As S3 sent them; None for a malformed date.
    length : int, optional
        In bytes, as stored.
    coding : str, optional
        Its Content-Encoding.
    headers : mapping of str to str
        Those that hold for the derived object too, metadata included.
    """

    etag: str
    last_modified: str | None
    content_type: str | None
    length: int | None
    coding: str | None
    headers: Mapping[str, str]

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> ObjectHead:
        """Return what the headers of an answer say."""
        length, modified = headers.get("Content-Length") or "", headers.get("Last-Modified")
        return cls(
            headers.get("ETag", ""),
            modified if http_date(modified) else None,
            headers.get("Content-Type"),
            int(length) if length.isdecimal() else None,
            headers.get("Content-Encoding"),
            passed_through(headers),
        )

    @property
    def coded(self) -> bool:
        """Whether the stored bytes must be decoded, so that their length says little."""
        return self.coding is not None and bool(content_codings.of(self.coding))


def passed_through(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of an original that hold for the derived object too, metadata included."""
    named = {name.lower(): value for name, value in headers.items()}
    passed = {name: value for name, value in named.items() if name in _PASSED_THROUGH}
    metadata = {
        name.removeprefix(METADATA_HEADER): value
        for name, value in named.items()
        if name.startswith(METADATA_HEADER)
    }
    if metadata:
        owned = owner_metadata(metadata)
        passed |= {f"{METADATA_HEADER}{name}": value for name, value in owned.items()}
    return passed


def http_date(text: str | None) -> datetime | None:
    """Return the moment that an HTTP date names; None where it is absent or malformed."""
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def take_whole_heads() -> None:
    """Make http.client, and so boto3 and urllib3, take as many headers as S3 may send, or none.

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
