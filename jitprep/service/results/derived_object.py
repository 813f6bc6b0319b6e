"""A derived object: its identity, the answers with it, and an in-process cache of results.

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
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.http import checksums
from jitprep.service.http.conditions import ConditionOutcome
from jitprep.service.http.ranges import ByteWindow, Part, PartNumber
from jitprep.service.messages import ObjectRequest, Response, Source
from jitprep.service.results.copy_metadata import PREFIX, SOURCE_ETAG
from jitprep.service.s3_names import METADATA_HEADER
from jitprep.service.source.response_heads import ObjectHead
from preprocessing import Pipeline, Seed
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.pipeline import AnyPipeline

P = TypeVar("P", bound="AnyPipeline")

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
class DerivedObject(Generic[P]):
    """What a pipeline makes of one version of an object.

    Parameters
    ----------
    object_head : ObjectHead
        Of the original.
    pipeline : Pipeline or ShardPipeline
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
    pipeline: P
    seed: Seed
    etag: str
    cache_key: str = field(repr=False)
    part: Part | None

    @classmethod
    def of(
        cls,
        request: ObjectRequest,
        source: Source,
        pipeline: P,
        object_head: ObjectHead,
    ) -> DerivedObject[P]:
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
        """Its description; None where it depends on the original's bytes and is not cached.

        The geometry is left out where only it depends on them.
        """
        if self.is_marker:
            return Description(0, self.object_head.content_type or "application/octet-stream", {})
        output = self.pipeline.output
        if output.nbytes is None or not isinstance(self.pipeline, Pipeline):
            return result_cache().description(self.cache_key)
        metadata = self.pipeline.metadata(output.shape, output.dtype, seed=self.seed)
        return Description(output.nbytes, output.content_type, metadata)

    @property
    def validators(self) -> Mapping[str, str]:
        """The headers that conditions compare with."""
        modified = self.object_head.last_modified
        return {"ETag": self.etag} | ({"Last-Modified": modified} if modified else {})

    def metadata(self, found: Mapping[str, str]) -> Mapping[str, str]:
        """Return the headers that say how it was made, given the pipeline's metadata."""
        made = provenance(found, self.object_head.etag)
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


def require_conditions(request: ObjectRequest, derived: DerivedObject[Any]) -> Response | None:
    """Return 304 where the client has the current version, and None to proceed.

    Raises
    ------
    RequestFailed
        ``PreconditionFailed``, 412.
    """
    if request.conditions is None:
        return None
    outcome = request.conditions.outcome(derived.etag, derived.object_head.last_modified)
    if outcome is ConditionOutcome.FAILED:
        raise RequestFailed(
            412,
            "PreconditionFailed",
            "the object or its pipeline is not the version that the condition asks for; read it again",
        )
    if outcome is ConditionOutcome.NOT_MODIFIED:
        return Response(304, headers=derived.validators)
    return None


def answer(
    request: ObjectRequest,
    derived: DerivedObject[Any],
    description: Description,
    body: bytes | bytearray | None,
) -> Response:
    """Return the object, or the part asked for, with S3's headers. `body` is None for HEAD."""
    window = derived.window(description)
    headers = object_headers(derived, description.content_type, description.metadata)
    if body is None:
        length = window.stop - window.start if window else description.length
        headers["Content-Length"] = str(length)
    elif request.checksum and window is None:
        headers[checksums.CRC32] = checksums.crc32(body)
    if isinstance(derived.part, PartNumber):
        headers["x-amz-mp-parts-count"] = str(PartNumber.count(description.length))
    if window is None or window.content_range is None:
        return Response(200, body or b"", headers)
    headers["Content-Range"] = window.content_range
    sent = b"" if body is None else body[window.start : window.stop]
    return Response(206, sent, headers)


def object_headers(
    derived: DerivedObject[Any], content_type: str, metadata: Mapping[str, str]
) -> dict[str, str]:
    """Return the headers of a derived object that hold for all of it and for any part."""
    return {
        **derived.object_head.headers,
        **derived.validators,
        "Content-Type": content_type,
        "Accept-Ranges": "bytes",
        **derived.metadata(metadata),
    }


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
        self._made: OrderedDict[str, tuple[Description, bytes | bytearray]] = OrderedDict()
        # Work that overran its deadline may still end, in another thread than the next request's.
        self._lock = Lock()

    def describe(self, cache_key: str, description: Description) -> None:
        """Cache a description."""
        with self._lock:
            self._descriptions[cache_key] = description
            if len(self._descriptions) > _MOST_DESCRIPTIONS:
                self._descriptions.popitem(last=False)

    def keep(self, cache_key: str, description: Description, body: bytes | bytearray) -> None:
        """Cache a body with its description, unless the body exceeds the limit by itself."""
        with self._lock:
            self._drop(cache_key)
            if len(body) > self._limit:
                return
            self._made[cache_key] = description, body
            self._held += len(body)
            while self._held > self._limit:
                self._drop(next(iter(self._made)))

    def description(self, cache_key: str) -> Description | None:
        """Return a cached description."""
        with self._lock:
            if cache_key in self._descriptions:
                self._descriptions.move_to_end(cache_key)
            return self._descriptions.get(cache_key)

    def made(self, cache_key: str) -> tuple[Description, bytes | bytearray] | None:
        """Return a cached body, which callers must not change, and its description."""
        with self._lock:
            if cache_key in self._made:
                self._made.move_to_end(cache_key)
            return self._made.get(cache_key)

    def _drop(self, cache_key: str) -> None:
        if cache_key in self._made:
            self._held -= len(self._made.pop(cache_key)[1])


@cache
def result_cache() -> ResultCache:
    """Return this process's cache."""
    return ResultCache(config().cache_bytes)
