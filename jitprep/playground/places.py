"""`Places`: the folders and buckets whose objects may be picked, and reads of them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from jitprep.playground.asks import AskRefused, SourceAsk
from jitprep.playground.items import Item
from jitprep.service.deadline import Deadline
from jitprep.service.settings import or_another
from jitprep.service.source.opening import head_original, open_original
from preprocessing.names import is_utf8

if TYPE_CHECKING:
    from jitprep.service.source.original_store import OriginalStore
    from jitprep.service.source.response_heads import ObjectHead
    from jitprep.service.source.stores import SourceUrl

MOST_CACHED_BYTES = 256 * 2**20


class Place:
    """A folder, a bucket, or a part of one.

    Parameters
    ----------
    name : str
        As the page and its URLs name it.
    url : SourceUrl
    open_store : callable
        Returns the `OriginalStore` of that URL. Called at the first use, since what it imports for
        buckets takes long. Raises ValueError.
    """

    def __init__(self, name: str, url: SourceUrl, open_store: Callable[[], OriginalStore]) -> None:
        self.name, self.url, self._open = name, url, open_store

    @cached_property
    def store(self) -> OriginalStore:
        """The opened store. Raises AskRefused where it cannot be opened."""
        try:
            return self._open()
        except ValueError as error:
            raise AskRefused(str(error)) from None

    @property
    def shown_url(self) -> str:
        """Where it is, for people."""
        return self.url.host if self.url.scheme == "file" else f"{self.url.place}/{self.url.prefix}"

    def deadline(self) -> Deadline:
        """Return the end of a read that begins now."""
        return Deadline(time.monotonic() + self.store.timeout_s)

    def head(self, key: str) -> ObjectHead:
        """Return what the store says of an object. Raises RequestFailed."""
        return head_original(self.store.resolve(key, "HEAD"), self.deadline())

    def read(self, key: str, most_bytes: int) -> tuple[ObjectHead, Item]:
        """Read an object whole, as the server does. Raises RequestFailed and PreprocessingError."""
        source = self.store.resolve(key)
        with open_original(source, self.deadline()) as original:
            head = original.object_head
            content = original.read(most_bytes)
        etag = head.etag if source.drawn_by_etag else None
        return head, Item(key, self.store.drawn_key(key), etag, content)


class Places:
    """All places, and the objects that were read of them lately.

    Parameters
    ----------
    find : callable
        Returns the places. Called at each listing: a local endpoint's buckets come and go.
    most_bytes : int
        Of an object.
    """

    def __init__(self, find: Callable[[], Iterable[Place]], most_bytes: int) -> None:
        self._find, self._most_bytes = find, most_bytes
        self._known: dict[str, Place] = {}
        self._cache = _ObjectCache(MOST_CACHED_BYTES)

    def listed(self) -> list[dict[str, str]]:
        """Return each place's name and URL, for the page."""
        self._known = {place.name: place for place in self._find()}
        return [{"name": each.name, "url": each.shown_url} for each in self._known.values()]

    def place(self, name: str) -> Place:
        """Return the place of a name. Raises AskRefused."""
        if name not in self._known:
            self.listed()
        places = self._known
        if name not in places:
            hint = or_another(name, places) if places else ""
            raise AskRefused(f"there is no place {name!r}{hint}")
        return places[name]

    def read(self, ask: SourceAsk) -> Item:
        """Read an object of a place whole. The store is always asked whether it has changed.

        Raises
        ------
        AskRefused, RequestFailed, PreprocessingError
        """
        place = self.place(ask.place)
        if not is_utf8(ask.key):
            raise AskRefused(f"the key {ask.key!r} is not UTF-8, as keys must be")
        name = (place.name, place.url, ask.key)
        if name in self._cache:
            item = self._cache.get(name, place.head(ask.key).version)
            if item is not None:
                return item
        head, item = place.read(ask.key, self._most_bytes)
        self._cache.put(name, head.version, item)
        return item


class _ObjectCache:
    """Objects with their versions. The one that was used longest ago goes first."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes, self._nbytes = most_bytes, 0
        self._items: OrderedDict[object, tuple[str, Item]] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def get(self, name: object, version: str | None) -> Item | None:
        """Return an object, if it is of this version."""
        with self._lock:
            kept, item = self._items.get(name, (None, None))
            if version is None or kept != version:
                return None
            self._items.move_to_end(name)
            return item

    def put(self, name: object, version: str | None, item: Item) -> None:
        """Keep an object whose version is known."""
        with self._lock:
            self._remove(name)
            if version is None or len(item.content) > self._most_bytes:
                return
            self._items[name] = version, item
            self._nbytes += len(item.content)
            while self._nbytes > self._most_bytes:
                self._remove(next(iter(self._items)))

    def _remove(self, name: object) -> None:
        _, item = self._items.pop(name, (None, None))
        if item is not None:
            self._nbytes -= len(item.content)
