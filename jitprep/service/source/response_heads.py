"""What the heads of S3's answers say of the original."""

from __future__ import annotations

from collections.abc import Mapping

from jitprep.service.http import content_codings
from jitprep.service.http.http_date import http_date
from jitprep.service.results.copy_metadata import owner_metadata
from jitprep.service.s3_names import METADATA_HEADER
from preprocessing.frozen import frozen

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
    state : str, optional
        Identifies the bytes where the ETag does not; empty where nothing does.
    """

    etag: str
    last_modified: str | None
    content_type: str | None
    length: int | None
    coding: str | None
    headers: Mapping[str, str]
    state: str | None = None

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
    def version(self) -> str | None:
        """What no other bytes of this name ever have; None where the source says nothing that sure.

        The coding is part of it: it may change without the stored bytes.
        """
        found = self.etag if self.state is None else self.state
        if not found or found.startswith("W/"):
            return None
        return f"{found} {self.coding}" if self.coding else found

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
