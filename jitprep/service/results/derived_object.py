"""A derived object: its identity, and what is known of it before, or without, making it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from jitprep.service.http.ranges import ByteWindow, Part
from jitprep.service.messages import ObjectRequest
from jitprep.service.results.copy_metadata import ours
from jitprep.service.results.result_cache import Description, result_cache
from jitprep.service.source.original import ObjectHead
from preprocessing import Pipeline, Seed


def derived_etag(source_etag: str, fingerprint: str, seed: int) -> str:
    """Return the quoted ETag of what a pipeline makes of an object; `seed` is 0 where it draws none.

    It has 40 digits and ends as a multipart upload's does: clients take 32 digits, and some any
    number of them, for the MD5 of the body, and compare.
    """
    digest = hashlib.sha256(f"{source_etag}\n{fingerprint}\n{seed}".encode()).hexdigest()
    return f'"{digest[:40]}-1"'


@dataclass(frozen=True, slots=True)
class DerivedObject:
    """What a pipeline makes of one version of an object.

    Parameters
    ----------
    object_head : ObjectHead
        Of the original.
    pipeline : Pipeline
    seed : Seed
        Which names the object's key and the original's ETag too.
    etag : str
        In quotes.
    cache_key : str
        What it is kept under. Two keys may hold equal bytes, and so one ETag, of which a random
        pipeline makes different things; so the original's URL, less its signature, is part of it.
    part : Part, optional
        What of it is asked for; None for all of it.
    """

    object_head: ObjectHead
    pipeline: Pipeline
    seed: Seed
    etag: str
    cache_key: str = field(repr=False)
    part: Part | None

    @classmethod
    def of(
        cls, request: ObjectRequest, pipeline: Pipeline, object_head: ObjectHead
    ) -> DerivedObject:
        """Return what `request` asks for, given what S3 says of the original."""
        number = request.choice.seed if pipeline.random else 0
        etag = derived_etag(object_head.etag, pipeline.fingerprint, number)
        allowed = request.conditions.allow_part(etag, object_head.last_modified)
        seed = Seed(number, request.key, object_head.etag)
        cache_key = f"{request.source.url.partition('?')[0]} {etag}"
        return cls(object_head, pipeline, seed, etag, cache_key, request.part if allowed else None)

    @property
    def is_marker(self) -> bool:
        """Whether the object only stands for a folder, as S3's console makes them: it has no bytes."""
        return self.object_head.length == 0 and self.seed.key.endswith("/")

    @property
    def description(self) -> Description | None:
        """What can be said of it without its original's bytes; None where that is too little."""
        if self.is_marker:
            return Description(0, self.object_head.content_type or "application/octet-stream", {})
        output = self.pipeline.output
        if output.nbytes is None:
            return result_cache().description(self.cache_key)
        metadata = self.pipeline.metadata(output.shape, output.dtype, seed=self.seed)
        return Description(output.nbytes, output.content_type, metadata)

    @property
    def validators(self) -> Mapping[str, str]:
        """The headers that conditions speak of."""
        modified = self.object_head.last_modified
        return {"ETag": self.etag} | ({"Last-Modified": modified} if modified else {})

    def metadata(self, description: Description) -> Mapping[str, str]:
        """Return the headers that say how it was made."""
        made = ours(description.metadata, self.object_head.etag)
        return {f"x-amz-meta-{name}": value for name, value in made.items()}

    def window(self, description: Description | None) -> ByteWindow | None:
        """Return which bytes are asked for; None for all of them, or while the length is unknown.

        Raises
        ------
        RequestFailed
            416 where there are none.
        """
        if self.part is None or description is None:
            return None
        return self.part.of(description.length)
