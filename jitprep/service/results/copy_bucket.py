"""Copies in a bucket: S3, or what else obstore writes to. Lifecycle rules of its owner evict them."""

from __future__ import annotations

from typing import Any

from jitprep.service.config import s3_endpoint
from jitprep.service.results.copy_format import (
    DamagedCopy,
    FoundCopy,
    parse_copy,
    require_copy_size,
)
from jitprep.service.results.copy_metadata import PREFIX
from jitprep.service.results.copy_place import CopyPlace
from jitprep.service.source.aws_credentials import find_credentials, find_region
from jitprep.service.source.original_store import OriginalStore
from jitprep.service.source.stored.obstore_process import require_obstore_here
from jitprep.service.source.stored.store_errors import store_failure

# Seconds for a copy to arrive. A store that is slower is of no use.
_TIMEOUT_S = 10.0
_MARK = f"{PREFIX}copy"


class CopyBucket:
    """A bucket, or a part of it.

    Parameters
    ----------
    place : CopyPlace

    Raises
    ------
    ValueError
        Where it cannot be opened as it is configured.
    """

    def __init__(self, place: CopyPlace) -> None:
        is_s3 = place.url.scheme == "s3"
        opened = OriginalStore.open(
            place.url,
            endpoint=(place.endpoint or s3_endpoint()) if is_s3 else None,
            region=find_region() if is_s3 else None,
            credentials=find_credentials if is_s3 else None,
            timeout_s=_TIMEOUT_S,
        )
        self._url, self._store = place.url, opened.store
        self._damaged: set[str] = set()

    def read(self, name: str, row: memoryview | None = None) -> FoundCopy | None:
        """Return a copy; None where there is none. See `CopyFolder.read`.

        Raises
        ------
        DamagedCopy, RequestFailed
        """
        require_obstore_here(self._url.place)
        try:
            found = self._store.get(self._key(name))
            require_copy_size(found.meta["size"])
            return parse_copy(memoryview(found.bytes()), name, row)
        except FileNotFoundError as error:
            if (failure := store_failure(error, self._url.place)).code != "NoSuchKey":
                raise failure from None
            return None
        except DamagedCopy:
            self._damaged.add(name)
            raise
        except Exception as error:
            raise store_failure(error, self._url.place) from None

    def write(self, name: str, head: bytes, body: bytes | bytearray) -> None:
        """Write a copy where there is none, or over a damaged one. Raises RequestFailed."""
        require_obstore_here(self._url.place)
        options: dict[str, Any] = {"attributes": {_MARK: name}, "use_multipart": False}
        mode = "overwrite" if name in self._damaged else "create"
        try:
            self._store.put(self._key(name), b"".join((head, body)), mode=mode, **options)
        except Exception as error:
            # Another writer was first, with equal bytes.
            if type(error).__name__ not in {"AlreadyExistsError", "PreconditionError"}:
                raise store_failure(error, self._url.place) from None
        self._damaged.discard(name)

    def _key(self, name: str) -> str:
        return self._url.path_of(f"{name[:10]}/{name[10:]}")
