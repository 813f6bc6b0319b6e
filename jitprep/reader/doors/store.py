"""Reader of originals in any store, transformed in this process."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat

import obstore  # noqa: F401  # a missing one is reported when the reader is made

from jitprep.reader.base import Reader
from jitprep.reader.errors import CannotOpen, ReadError, Refused, Unavailable
from jitprep.reader.originals import computing_turn, transform
from jitprep.reader.transport import listing
from jitprep.reader.transport.arrivals import as_arrived
from jitprep.reader.transport.retry import with_retries
from jitprep.reader.transport.stores import TIMEOUT_S, shared_store, translate_failures
from jitprep.service.config import config
from jitprep.service.deadline import Deadline, original_room
from jitprep.service.messages import ListingName
from jitprep.service.results.derived_object import is_derived_etag
from jitprep.service.source.opening import open_original, open_ranges
from jitprep.service.source.original import Original, require_size
from jitprep.service.source.original_store import OriginalStore
from jitprep.service.source.ranged_source import Ranges
from jitprep.service.source.stores import SourceUrl
from preprocessing import Pipeline, Seed
from preprocessing.media import Array
from preprocessing.names import is_utf8

_IS_RESULT = (
    "the answer is a result of jitprep and not an original; omit pipeline=, so that the address is "
    "read as that of a server or a function"
)


@dataclass(frozen=True, slots=True)
class _Fetched:
    """An original that waits for its turn.

    Parameters
    ----------
    content : bytes or Ranges
    seed : Seed
    room : int
        Bytes of memory to give back.
    """

    content: bytes | Ranges
    seed: Seed
    room: int


@dataclass(frozen=True, kw_only=True)
class StoreReader(Reader):
    """Reader of originals in a bucket, a container or on a web server.

    Results equal those of an access point on the bucket, random transforms included: they draw from the
    key in the bucket and the ETag.

    Parameters
    ----------
    url : SourceUrl
        Keys are relative to its prefix.
    endpoint_url : str, optional
        Of S3; None for AWS's configuration.
    pipeline : Pipeline
    threads : int
        Originals that are fetched at once. They wait in Rust and without Python's lock, while one thread
        transforms. 32 keep it busy where an answer takes 30 ms.

    Raises
    ------
    CannotOpen
        For an endpoint of another store than S3.
    """

    url: SourceUrl
    endpoint_url: str | None
    pipeline: Pipeline
    threads: int = 32

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.endpoint_url is not None and self.url.scheme != "s3":
            raise CannotOpen(
                f"endpoint_url is for s3:// addresses; {self.url.scheme}:// takes its endpoint from the "
                "environment"
            )

    @property
    def draws(self) -> bool:
        """Whether a seed may change results."""
        return self.pipeline.random

    def get(self, key: str) -> Array:
        """Read one object."""
        return with_retries(lambda: self._made(key, self._fetch(key)))

    def get_each(self, keys: Iterable[str]) -> dict[str, Array | ReadError]:
        """Read many objects: this thread transforms one while others are fetched."""
        wanted = list(dict.fromkeys(keys))
        if len(wanted) < 2 or self.threads == 1:
            return super().get_each(wanted)
        opened = shared_store(self.url, self.endpoint_url)

        def fetch(key: str) -> _Fetched:
            # Later tries ask for the store again, since their credentials may be new.
            stores = chain((opened,), repeat(None))
            return with_retries(lambda: self._fetch(key, next(stores)))

        read: dict[str, Array | ReadError] = {}
        with closing(as_arrived(fetch, wanted, self.threads, _give_back)) as arrivals:
            for key, got in arrivals:
                read[key] = self._finished(key, got)
        return {key: read[key] for key in wanted}

    def keys(self, prefix: str = "") -> Iterator[str]:
        """List keys, a thousand at a time; those of a web server cannot be listed."""
        return listing.list_keys(lambda query: with_retries(partial(self._list, query)), prefix)

    def _finished(self, key: str, got: _Fetched | BaseException) -> Array | ReadError:
        if isinstance(got, ReadError):
            return got
        if isinstance(got, BaseException):
            raise got
        try:
            return self._made(key, got)
        except Unavailable:  # parts of a video are fetched in its turn
            return self._tried(key)
        except ReadError as error:
            return error

    def _made(self, key: str, fetched: _Fetched) -> Array:
        try:
            with computing_turn(), translate_failures(key):
                limits = config().policy.limits
                return transform(self.pipeline, fetched.content, fetched.seed, key, limits)
        finally:
            _give_back(fetched)

    def _fetch(self, key: str, opened: OriginalStore | None = None) -> _Fetched:
        """Fetch an original, once."""
        if not is_utf8(key):
            raise Refused("the key is not UTF-8, as keys must be", key=key)
        with translate_failures(key):
            store = opened or shared_store(self.url, self.endpoint_url)
            source = store.resolve(key)
            deadline = Deadline(time.monotonic() + TIMEOUT_S)
            opening = (
                open_ranges(source, deadline)
                if self.pipeline.seeks
                else open_original(source, deadline, tries=1)
            )
            with opening as original:
                etag = original.object_head.etag
                if is_derived_etag(etag):
                    raise Refused(_IS_RESULT, key=key)
                content, room = _content(original, deadline)
            return _Fetched(content, Seed(self.seed, store.drawn_key(key), etag), room)

    def _list(self, query: Mapping[str, str]) -> bytes:
        with translate_failures(None):
            asked = {name: value for name, value in query.items() if name != "list-type"}
            page, deadline = ListingName("", asked), Deadline(time.monotonic() + TIMEOUT_S)
            store = shared_store(self.url, self.endpoint_url)
            return store.list_page(page, self.url.host, deadline, tries=1)


def _content(original: Original | Ranges, deadline: Deadline) -> tuple[bytes | Ranges, int]:
    """Return all bytes, once there is room for them, and the room; or the ranges to read them by."""
    if isinstance(original, Ranges):
        return original, 0
    head, limit = original.object_head, config().policy.limits.source_bytes
    require_size(head, limit)
    room = limit if head.coded or head.length is None else head.length
    original_room().take(room, deadline)
    try:
        return original.read(limit), room
    except BaseException:
        original_room().give(room)
        raise


def _give_back(fetched: _Fetched) -> None:
    original_room().give(fetched.room)
