"""Reader of originals in any store, transformed in this process."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat

import obstore  # noqa: F401  # a missing one is reported when the reader is made

from jitprep.reader.base import Reader, RowLayout, write_row
from jitprep.reader.errors import CannotOpen, ReadError, Refused, Unavailable
from jitprep.reader.originals import computing_turn, layout_of, object_error, transform
from jitprep.reader.transport import listing
from jitprep.reader.transport.arrivals import as_arrived
from jitprep.reader.transport.retry import with_retries
from jitprep.reader.transport.stores import TIMEOUT_S, as_reader_error, shared_store
from jitprep.service.config import config
from jitprep.service.deadline import Deadline, original_room
from jitprep.service.messages import ListingName
from jitprep.service.results.derived_object import is_derived_etag
from jitprep.service.source.opening import open_original, open_ranges
from jitprep.service.source.original import Original
from jitprep.service.source.original_store import OriginalStore
from jitprep.service.source.ranged_source import Ranges
from jitprep.service.source.stores import SourceUrl
from preprocessing import Pipeline, PreprocessingError, Seed
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
    store : OriginalStore
    original : Original or Ranges
    stored : bytes
        As they are in the store; none of an original that is read by ranges.
    room : int
        Bytes of memory to give back.
    """

    store: OriginalStore
    original: Original | Ranges
    stored: bytes
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

    @property
    def row_layout(self) -> RowLayout | None:
        """The pipeline's output; None if its size depends on the original."""
        return layout_of(self.pipeline)

    def get(self, key: str) -> Array:
        """Read one object."""
        return with_retries(lambda: self._made(key, self._fetch(key)))

    def get_each(self, keys: Iterable[str]) -> dict[str, Array | ReadError]:
        """Read many objects: this thread transforms one while others are fetched."""
        wanted = list(dict.fromkeys(keys))
        if len(wanted) < 2:
            return {key: self._tried(key) for key in wanted}
        read = dict(self._each(wanted, {}))
        return {key: read[key] for key in wanted}

    def read_into(self, keys: Sequence[str], out: Array | None) -> dict[int, Array | ReadError]:
        """Read many objects into the rows of an array, without a copy."""
        places: dict[str, list[int]] = {}
        for position, key in enumerate(keys):
            places.setdefault(key, []).append(position)
        rows: dict[str, Array] = {}
        if out is not None and self.row_layout == (out.shape[1:], out.dtype.name):
            rows = {key: out[positions[0]] for key, positions in places.items()}
        apart: dict[int, Array | ReadError] = {}
        for key, made in self._each(list(places), rows):
            for position in places[key]:
                in_place = made is rows.get(key) and position == places[key][0]
                if isinstance(made, ReadError) or not (in_place or write_row(made, out, position)):
                    apart[position] = made
        return apart

    def _each(
        self, keys: Sequence[str], rows: Mapping[str, Array]
    ) -> Iterator[tuple[str, Array | ReadError]]:
        """Yield the result or the error of each key, in any order, written to its row if it has one."""
        opened = shared_store(self.url, self.endpoint_url)

        def fetch(key: str) -> _Fetched:
            # Later tries ask for the store again, since their credentials may be new.
            stores = chain((opened,), repeat(None))
            return with_retries(lambda: self._fetch(key, next(stores)))

        arriving = as_arrived(fetch, keys, self.threads, _give_back)
        with closing(arriving):
            for key, got in arriving:
                yield key, self._finished(key, got, rows.get(key))

    def keys(self, prefix: str = "") -> Iterator[str]:
        """List keys, a thousand at a time; those of a web server cannot be listed."""
        return listing.list_keys(lambda query: with_retries(partial(self._list, query)), prefix)

    def _finished(
        self, key: str, got: _Fetched | Exception, out: Array | None
    ) -> Array | ReadError:
        if isinstance(got, ReadError):
            return got
        if isinstance(got, Exception):
            raise got
        try:
            return self._made(key, got, out)
        except Unavailable:  # parts of a video are fetched in its turn
            return self._tried(key)
        except ReadError as error:
            return error

    def _fetch(self, key: str, opened: OriginalStore | None = None) -> _Fetched:
        """Fetch an original, once.

        In an I/O thread, so nothing is done here that can wait until the original's turn: this thread
        would take Python's lock from the one that computes.
        """
        if not is_utf8(key):
            raise Refused("the key is not UTF-8, as keys must be", key=key)
        try:
            store = opened or shared_store(self.url, self.endpoint_url)
            source, deadline = store.resolve(key), Deadline(time.monotonic() + TIMEOUT_S)
            if self.pipeline.seeks:
                with open_ranges(source, deadline) as original:
                    return _Fetched(store, original, *_received(original, deadline))
            with open_original(source, deadline, tries=1) as original:
                return _Fetched(store, original, *_received(original, deadline))
        except Exception as error:
            raise as_reader_error(error, key) from None

    def _made(self, key: str, fetched: _Fetched, out: Array | None = None) -> Array:
        try:
            with computing_turn():
                return self._transformed(key, fetched, out)
        except Exception as error:
            raise as_reader_error(error, key) from None
        finally:
            _give_back(fetched)

    def _transformed(self, key: str, fetched: _Fetched, out: Array | None) -> Array:
        original, limits = fetched.original, config().policy.limits
        etag = original.object_head.etag
        if is_derived_etag(etag):
            raise Refused(_IS_RESULT, key=key)
        seed = Seed(self.seed, fetched.store.drawn_key(key), etag)
        if isinstance(original, Ranges):
            return transform(self.pipeline, original, seed, key, limits, out)
        try:
            content = original.decoded(fetched.stored, limits.source_bytes)
        except PreprocessingError as error:
            raise object_error(error, key) from None
        return transform(self.pipeline, content, seed, key, limits, out)

    def _list(self, query: Mapping[str, str]) -> bytes:
        asked = {name: value for name, value in query.items() if name != "list-type"}
        page, deadline = ListingName("", asked), Deadline(time.monotonic() + TIMEOUT_S)
        try:
            store = shared_store(self.url, self.endpoint_url)
            return store.list_page(page, self.url.host, deadline, tries=1)
        except Exception as error:
            raise as_reader_error(error, None) from None


def _received(original: Original | Ranges, deadline: Deadline) -> tuple[bytes, int]:
    """Return the stored bytes, once there is room for them, and the room; none to be read by ranges."""
    if isinstance(original, Ranges):
        return b"", 0
    limit = config().policy.limits.source_bytes
    room = limit if original.length is None else min(original.length, limit)
    original_room().take(room, deadline)
    try:
        return original.stored(limit), room
    except BaseException:
        original_room().give(room)
        raise


def _give_back(fetched: _Fetched) -> None:
    original_room().give(fetched.room)
