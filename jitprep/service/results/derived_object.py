"""A derived object: its identity, its headers before it is made, and an in-process cache of results.

A client that reads an object in ranges, or asks for its size first, sends several requests for it, and a
warm worker transforms it once. Cache keys contain the derived ETag, so nothing cached can be stale.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import field
from functools import cache
from threading import Lock

from jitprep.service.config import config
from jitprep.service.http.ranges import ByteWindow, Part
from jitprep.service.messages import ObjectRequest, Source
from jitprep.service.results.copy_metadata import PREFIX, SOURCE_ETAG
from jitprep.service.s3_names import METADATA_HEADER
from jitprep.service.source.response_heads import ObjectHead
from preprocessing import Pipeline, Seed
from preprocessing.frozen import frozen

# A description has a few hundred bytes.
_MOST_DESCRIPTIONS = 4096
_DERIVED_ETAG = re.compile('"[0-9a-f]{40}-1"')


def derived_etag(source_etag: str, fingerprint: str, seed: int) -> str:
    """Return the quoted ETag of what a pipeline makes of an object; `seed` is 0 without random steps.

    It has 40 digits and ends as a multipart upload's does: clients take 32 digits, and some take any
    number of them, for the MD5 of the body, and compare.
    """
    digest = hashlib.sha256(f"{source_etag}\n{fingerprint}\n{seed}".encode()).hexdigest()
    return f'"{digest[:40]}-1"'


def is_derived_etag(etag: str) -> bool:
    """Return whether an ETag is one of `derived_etag`; those of S3 have 32 digits."""
    return _DERIVED_ETAG.fullmatch(etag) is not None


def provenance(metadata: Mapping[str, str], source_etag: str | None = None) -> dict[str, str]:
    """Return the metadata of a derived object that says how it was made, each name under our prefix.

    Parameters
    ----------
    metadata : mapping of str to str
        The pipeline's.
    source_etag : str, optional
        The original's, in quotes; None where there are several originals.
    """
    named = {f"{PREFIX}{name}": value for name, value in metadata.items()}
    return named if source_etag is None else {**named, SOURCE_ETAG: source_etag}


@frozen
class Description:
    """The headers of a derived object that do not need its bytes.

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


@frozen
class DerivedObject:
    """What a pipeline makes of one version of an object.

    Parameters
    ----------
    object_head : ObjectHead
        Of the original.
    pipeline : Pipeline
    seed : Seed
        It includes the object's key and, where random steps draw by it, the original's ETag.
    etag : str
        In quotes.
    cache_key : str
        The original's name and the derived ETag. The ETag would not do: two keys
        may hold equal bytes, and a random pipeline makes different things of them.
    part : Part, optional
        The part that the client asks for; None for all of it.
    """

    object_head: ObjectHead
    pipeline: Pipeline
    seed: Seed
    etag: str
    cache_key: str = field(repr=False)
    part: Part | None

    @classmethod
    def of(
        cls,
        request: ObjectRequest,
        source: Source,
        pipeline: Pipeline,
        object_head: ObjectHead,
    ) -> DerivedObject:
        """Return what `request` asks for, given the head of the original at `source`."""
        number = request.choice.seed if pipeline.random else 0
        etag = derived_etag(object_head.etag, pipeline.fingerprint, number)
        part = request.part
        if part is not None and request.conditions is not None:
            allowed = request.conditions.allow_part(etag, object_head.last_modified)
            part = part if allowed else None
        seed = Seed(number, request.key, object_head.etag if source.drawn_by_etag else None)
        cache_key = f"{source.name} {etag}"
        return cls(object_head, pipeline, seed, etag, cache_key, part)

    @property
    def is_marker(self) -> bool:
        """Whether the object is an empty one that stands for a folder, as S3's console makes them."""
        return self.object_head.length == 0 and self.seed.key.endswith("/")

    @property
    def description(self) -> Description | None:
        """Its description; None where it depends on the original's bytes and is not cached."""
        if self.is_marker:
            return Description(0, self.object_head.content_type or "application/octet-stream", {})
        output = self.pipeline.output
        if output.nbytes is None:
            return result_cache().description(self.cache_key)
        metadata = self.pipeline.metadata(output.shape, output.dtype, seed=self.seed)
        return Description(output.nbytes, output.content_type, metadata)

    @property
    def validators(self) -> Mapping[str, str]:
        """The headers that conditions compare with."""
        modified = self.object_head.last_modified
        return {"ETag": self.etag} | ({"Last-Modified": modified} if modified else {})

    def metadata(self, description: Description) -> Mapping[str, str]:
        """Return the headers that say how it was made."""
        made = provenance(description.metadata, self.object_head.etag)
        return {f"{METADATA_HEADER}{name}": value for name, value in made.items()}

    def window(self, description: Description | None) -> ByteWindow | None:
        """Return the bytes that the client asks for; None for all of them, or without a description.

        Raises
        ------
        RequestFailed
            416 where the client's range selects none.
        """
        if self.part is None or description is None:
            return None
        return self.part.of(description.length)


class ResultCache:
    """In-process LRU cache of results: descriptions, and bodies up to a number of bytes.

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
        """Cache a description."""
        with self._lock:
            self._descriptions[cache_key] = description
            if len(self._descriptions) > _MOST_DESCRIPTIONS:
                self._descriptions.popitem(last=False)

    def keep(self, cache_key: str, body: bytes | bytearray) -> None:
        """Cache a body, unless it exceeds the limit by itself."""
        with self._lock:
            self._drop(cache_key)
            if len(body) > self._limit:
                return
            self._bodies[cache_key] = body
            self._held += len(body)
            while self._held > self._limit:
                self._drop(next(iter(self._bodies)))

    def description(self, cache_key: str) -> Description | None:
        """Return a cached description."""
        with self._lock:
            if cache_key in self._descriptions:
                self._descriptions.move_to_end(cache_key)
            return self._descriptions.get(cache_key)

    def body(self, cache_key: str) -> bytes | bytearray | None:
        """Return a cached body, which callers must not change."""
        with self._lock:
            if cache_key in self._bodies:
                self._bodies.move_to_end(cache_key)
            return self._bodies.get(cache_key)

    def _drop(self, cache_key: str) -> None:
        self._held -= len(self._bodies.pop(cache_key, b""))


@cache
def result_cache() -> ResultCache:
    """Return this process's cache."""
    return ResultCache(config().cache_bytes)
