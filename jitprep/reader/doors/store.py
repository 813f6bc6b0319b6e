"""Reader of originals in any store, transformed in this process."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat

import obstore  # noqa: F401  # a missing one is reported when the reader is made

from jitprep.reader.base import Reader, RowLayout
from jitprep.reader.copies import copied_array, made_array, reader_kept_part
from jitprep.reader.doors.fetched import (
    FetchedCopy,
    FetchedOriginal,
    fetch_copy,
    give_back,
    receive_stored,
)
from jitprep.reader.errors import CannotOpen, ReadError, Refused, Unavailable
from jitprep.reader.originals import computing_turn, layout_of, object_errors, transform
from jitprep.reader.rows import fill_rows
from jitprep.reader.transport import listing
from jitprep.reader.transport.arrivals import as_arrived
from jitprep.reader.transport.retry import with_retries
from jitprep.reader.transport.stores import (
    TIMEOUT_S,
    as_reader_error,
    listing_page,
    shared_store,
)
from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.results.copy_place import CopyPlace
from jitprep.service.results.derived_object import is_derived_etag
from jitprep.service.results.kept_part import KeptPart
from jitprep.service.source.opening import open_original, open_ranges
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
    store : CopyPlace, optional
        Where copies of results are kept, for later reads.

    Raises
    ------
    CannotOpen
        For an endpoint of another store than S3.
    """

    url: SourceUrl
    endpoint_url: str | None
    pipeline: Pipeline
    threads: int = 32
    store: CopyPlace | None = None

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
    def own_pipeline(self) -> Pipeline:
        """The pipeline."""
        return self.pipeline

    def whole_key(self, key: str) -> str:
        """Return the key below the prefix."""
        return self.url.path_of(key)

    @property
    def row_layout(self) -> RowLayout | None:
        """The pipeline's output; None if its size depends on the original."""
        return layout_of(self.pipeline)

    def _get_array(self, key: str) -> Array:
        """Read one object."""
        return with_retries(lambda: self._made(key, self._fetch(key, None, self._kept)))

    def original(self, key: str) -> bytes:
        """Return the bytes of an original, without its Content-Encoding. Raises as `get` does."""
        return with_retries(partial(self._original, key))

    def get_each(self, keys: Iterable[str]) -> dict[str, Array | ReadError]:
        """Read many objects: this thread transforms one while others are fetched."""
        wanted = list(dict.fromkeys(keys))
        if len(wanted) < 2:
            return {key: self._tried(key) for key in wanted}
        read = dict(self._each(wanted, {}))
        return {key: read[key] for key in wanted}

    def read_into(self, keys: Sequence[str], out: Array | None) -> dict[int, Array | ReadError]:
        """Read many objects into the rows of an array, without a copy."""
        return fill_rows(self._each, keys, out, self.row_layout)

    def _each(
        self, keys: Sequence[str], rows: Mapping[str, Array]
    ) -> Iterator[tuple[str, Array | ReadError]]:
        """Yield the result or the error of each key, in any order, written to its row if it has one."""
        opened, kept = shared_store(self.url, self.endpoint_url), self._kept

        def fetch(key: str) -> FetchedOriginal | FetchedCopy:
            # Later tries ask for the store again, since their credentials may be new.
            stores = chain((opened,), repeat(None))
            return with_retries(lambda: self._fetch(key, next(stores), kept))

        arriving = as_arrived(fetch, keys, self.threads, give_back)
        with closing(arriving):
            for key, got in arriving:
                yield key, self._finished(key, got, rows.get(key))

    def keys(self, prefix: str = "") -> Iterator[str]:
        """List keys, a thousand at a time; those of a web server cannot be listed."""
        ask = partial(listing_page, self.url, self.endpoint_url)
        return listing.list_keys(lambda query: with_retries(partial(ask, query)), prefix)

    def _finished(
        self, key: str, got: FetchedOriginal | FetchedCopy | Exception, out: Array | None
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

    @property
    def _kept(self) -> KeptPart | None:
        return reader_kept_part(self.store, self.pipeline)

    def _fetch(
        self,
        key: str,
        opened: OriginalStore | None,
        kept: KeptPart | None,
    ) -> FetchedOriginal | FetchedCopy:
        """Fetch a copy or an original, once.

        In an I/O thread, so nothing is done here that can wait until the original's turn: this thread
        would take Python's lock from the one that computes.
        """
        if not is_utf8(key):
            raise Refused("the key is not UTF-8, as keys must be", key=key)
        try:
            store = opened or shared_store(self.url, self.endpoint_url)
            source, deadline = store.resolve(key), Deadline(time.monotonic() + TIMEOUT_S)
            if kept is not None and (copied := fetch_copy(kept, store, source, deadline)):
                return copied
            if self.pipeline.seeks:
                with open_ranges(source, deadline) as original:
                    return FetchedOriginal(store, original, *receive_stored(original, deadline))
            with open_original(source, deadline, tries=1) as original:
                return FetchedOriginal(store, original, *receive_stored(original, deadline))
        except Exception as error:
            raise as_reader_error(error, key) from None

    def _original(self, key: str) -> bytes:
        try:
            source = shared_store(self.url, self.endpoint_url).resolve(key)
            with open_original(source, Deadline(time.monotonic() + TIMEOUT_S), tries=1) as original:
                return original.read(config().policy.limits.source_bytes)
        except Exception as error:
            raise as_reader_error(error, key) from None

    def _made(
        self, key: str, fetched: FetchedOriginal | FetchedCopy, out: Array | None = None
    ) -> Array:
        if isinstance(fetched, FetchedCopy):
            made = self._finished_copy(key, fetched, out)
            if made is not None:
                return made
            fetched = self._fetch_original(key)
        try:
            with computing_turn():
                return self._transformed(key, fetched, out)
        except Exception as error:
            raise as_reader_error(error, key) from None
        finally:
            give_back(fetched)

    def _fetch_original(self, key: str) -> FetchedOriginal:
        """Fetch the original of a copy that these draws cannot use."""
        fetched = with_retries(lambda: self._fetch(key, None, None))
        assert isinstance(fetched, FetchedOriginal)
        return fetched

    def _finished_copy(self, key: str, copied: FetchedCopy, out: Array | None) -> Array | None:
        """Return the array that follows from a copy; None where these draws need the original."""
        seed, kept = Seed(self.seed, copied.store.drawn_key(key), copied.etag), self._kept
        assert kept is not None
        try:
            with computing_turn():
                return copied_array(kept, copied.found, seed, key, config().policy.limits, out)
        finally:
            give_back(copied)

    def _transformed(self, key: str, fetched: FetchedOriginal, out: Array | None) -> Array:
        original, limits = fetched.original, config().policy.limits
        head = original.object_head
        if is_derived_etag(head.etag):
            raise Refused(_IS_RESULT, key=key)
        seed = Seed(self.seed, fetched.store.drawn_key(key), head.etag)
        content: bytes | Ranges
        if isinstance(original, Ranges):
            content = original
        else:
            with object_errors(key):
                content = original.decoded(fetched.stored, limits.source_bytes)
        if (kept := self._kept) is None:
            return transform(self.pipeline, content, seed, key, limits, out)
        array, copy = made_array(kept, content, seed, key, limits, out)
        if copy is not None:
            kept.keep(fetched.store.resolve(key).name, head.version, copy)
        return array
