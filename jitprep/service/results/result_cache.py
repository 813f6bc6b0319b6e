"""What this process has transformed and may be asked for again.

A client that reads an object in ranges, or asks for its size first, sends several requests for one
object; a warm worker transforms it once. The place that something is kept under holds the derived ETag
(`jitprep.service.results.derived_object`), so that nothing kept can be stale.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock

from jitprep.service.config import config

# A description is some hundred bytes.
_MOST_DESCRIPTIONS = 4096


@dataclass(frozen=True, slots=True)
class Description:
    """What can be said of a derived object without its bytes.

    Parameters
    ----------
    length : int
        In bytes.
    content_type : str
    metadata : mapping of str to str
    """

    length: int
    content_type: str
    metadata: Mapping[str, str]


class ResultCache:
    """Descriptions and bodies by place; what was used longest ago goes first.

    Parameters
    ----------
    limit : int
        Bytes of bodies in all.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._descriptions: OrderedDict[str, Description] = OrderedDict()
        self._bodies: OrderedDict[str, bytes | bytearray] = OrderedDict()
        # Work that overran its deadline may still end, in another thread than the next request's.
        self._lock = Lock()

    def describe(self, cache_key: str, description: Description) -> None:
        """Keep a description."""
        with self._lock:
            self._descriptions[cache_key] = description
            if len(self._descriptions) > _MOST_DESCRIPTIONS:
                self._descriptions.popitem(last=False)

    def keep(self, cache_key: str, body: bytes | bytearray) -> None:
        """Keep a body, unless it alone is over the limit."""
        with self._lock:
            self._drop(cache_key)
            if len(body) > self._limit:
                return
            self._bodies[cache_key] = body
            self._held += len(body)
            while self._held > self._limit:
                self._drop(next(iter(self._bodies)))

    def description(self, cache_key: str) -> Description | None:
        """Return what is known of an object."""
        with self._lock:
            if cache_key in self._descriptions:
                self._descriptions.move_to_end(cache_key)
            return self._descriptions.get(cache_key)

    def body(self, cache_key: str) -> bytes | bytearray | None:
        """Return an object's bytes, which nobody may change."""
        with self._lock:
            if cache_key in self._bodies:
                self._bodies.move_to_end(cache_key)
            return self._bodies.get(cache_key)

    def _drop(self, cache_key: str) -> None:
        self._held -= len(self._bodies.pop(cache_key, b""))


@cache
def result_cache() -> ResultCache:
    """Return what this process keeps."""
    return ResultCache(config().cache_bytes)
