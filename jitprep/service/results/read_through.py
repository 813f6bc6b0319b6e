"""The read-through store: copies of results, which later reads take instead of the transform.

A copy's name is a digest of everything that its bytes follow from, so that no copy can be stale. A
store that fails costs a line of the log and is left alone for a while: reads do without it.
"""

from __future__ import annotations

import hashlib
import logging
import time
from functools import cache, lru_cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol

from jitprep.service.config import s3_endpoint
from jitprep.service.errors import RequestFailed
from jitprep.service.process.renewal import renewed_in_copies
from jitprep.service.results.copy_format import MOST_BYTES, DamagedCopy, FoundCopy, write_head
from jitprep.service.results.copy_metadata import PREFIX
from jitprep.service.results.copy_place import CopyPlace
from jitprep.service.results.copy_writer import copy_writer
from preprocessing import Encoded

_DIGITS = 40
# Libraries that decode, transform or encode. Another version of one may make other bytes.
_LIBRARIES = (
    "av", "ftfy", "numpy", "pillow", "scikit-image", "scipy", "simplejpeg", "soundfile", "soxr",
    "tokenizers", "wcwidth",
)  # fmt: skip
# How long a store is left alone after a failure; doubled after each further one.
_PAUSE_S, _LONGEST_PAUSE_S = 60.0, 3600.0

_log = logging.getLogger(__name__)


class CopyShelf(Protocol):
    """Where copies are: `CopyFolder` or `CopyBucket`."""

    def read(self, name: str, row: memoryview | None = None) -> FoundCopy | None:
        """Return a copy; None where there is none."""

    def write(self, name: str, head: bytes, body: bytes | bytearray) -> None:
        """Write a copy."""


class _Pause:
    """The time after a failure, in which a store is not asked."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._until = self._length = 0.0
        self._said: set[str] = set()

    @property
    def lasts(self) -> bool:
        return time.monotonic() < self._until

    def begin(self, why: str) -> None:
        """Leave the store alone, and log a reason that was not logged before."""
        if self.lasts:
            return  # reads that were under way fail too
        self._length = min(max(2 * self._length, _PAUSE_S), _LONGEST_PAUSE_S)
        self._until = time.monotonic() + self._length
        if why not in self._said:
            self._said.add(why)
            _log.warning("%s for a while: %s", self._what, why)

    def end(self) -> None:
        self._length = 0.0


class ReadThrough:
    """Copies of one place, in this process. Thread-safe.

    Parameters
    ----------
    place : CopyPlace
    shelf : CopyShelf
    """

    def __init__(self, place: CopyPlace, shelf: CopyShelf) -> None:
        self._shelf = shelf
        self._reads, self._writes = (
            _Pause(f"copies are not read from {place}"),
            _Pause(f"copies are not written to {place}"),
        )

    def find(self, name: str, row: memoryview | None = None) -> FoundCopy | None:
        """Return a copy; None where there is none that is whole, or the store cannot be read.

        Parameters
        ----------
        name : str
            As `copy_name` returns it.
        row : memoryview, optional
            Where the last bytes of the body go, if it has as many. Without a copy it may hold anything.
        """
        if self._reads.lasts:
            return None
        try:
            found = self._shelf.read(name, row)
        except DamagedCopy:
            return None  # the next write replaces it
        except (OSError, RequestFailed, ValueError) as error:
            self._reads.begin(_reason(error))
            return None
        self._reads.end()
        return found

    def keep(self, name: str, encoded: Encoded) -> None:
        """Write a copy in the background, if the store can be written to."""
        if self._writes.lasts or len(encoded.body) > MOST_BYTES - 2**17:
            return
        copy_writer.submit(len(encoded.body), partial(self._write, name, encoded))

    def _write(self, name: str, encoded: Encoded) -> None:
        if self._writes.lasts:
            return
        try:
            self._shelf.write(name, write_head(name, encoded), encoded.body)
        except (OSError, RequestFailed, ValueError) as error:
            self._writes.begin(_reason(error))
        else:
            self._writes.end()


def _reason(error: Exception) -> str:
    if isinstance(error, RequestFailed):
        return error.message.partition(";")[0]
    return getattr(error, "strerror", None) or type(error).__name__


def copy_name(source_name: str, source_version: str, fingerprint: str) -> str:
    """Return the name of a copy.

    Parameters
    ----------
    source_name : str
        Of the original: its URL. One store's ETags may be equal for objects that differ.
    source_version : str
        `ObjectHead.version`.
    fingerprint : str
        Of what was computed.
    """
    parts = (_software(), source_name, source_version, fingerprint)
    text = b"".join(
        len(part).to_bytes(8, "big") + part
        for part in (one.encode("utf-8", "surrogatepass") for one in parts)
    )
    return PREFIX + hashlib.sha256(text).hexdigest()[:_DIGITS]


@cache
def _software() -> str:
    return ",".join(f"{name} {_version(name)}" for name in _LIBRARIES)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def read_through(place: CopyPlace) -> ReadThrough:
    """Return the store of this process.

    Raises
    ------
    ValueError
        Where it cannot be opened as it is configured. Nothing is read or written yet.
    """
    return _opened(place, s3_endpoint())


@lru_cache(maxsize=8)
def _opened(place: CopyPlace, endpoint: str | None) -> ReadThrough:  # noqa: ARG001
    return ReadThrough(place, _shelf(place))


renewed_in_copies(_opened.cache_clear)


def _shelf(place: CopyPlace) -> CopyShelf:
    if place.url.scheme == "file":
        from jitprep.service.results.copy_folder import CopyFolder  # noqa: PLC0415

        return CopyFolder(Path(place.url.host), place.most_bytes)
    from jitprep.service.results.copy_bucket import CopyBucket  # noqa: PLC0415  needs obstore

    return CopyBucket(place)
