"""The photographs, the pipelines, and the expected result of each read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

from jitprep.cli.demo_data.photos import photographs
from jitprep.service.results.derived_object import derived_etag
from preprocessing import Pipeline, Seed
from soak.load.reads import Read, Wanted, digest, listing

# Gray PNG, float32 and uint8 tensors, a JPEG, and random crops seeded by the object's identity.
SPECS = (
    "grayscale/resize:224,224/png",
    "resize:256/center_crop:224/normalize:imagenet/npy",
    "resize:256/center_crop:224/npy",
    "resize:64,interpolation=lanczos/jpeg",
    "random_resized_crop:96/random_horizontal_flip/npy",
)
_QUARTERS = ((0, 0), (150, 0), (0, 200))


@dataclass(frozen=True)
class DerivedObject:
    """The expected result of reading one object through one access point.

    Parameters
    ----------
    alias, key
        The access point's alias, and the object's key.
    body
        The result of `preprocessing`.
    etag
        Its derived ETag.
    listed_size
        Its size in a listing: the derived size if the pipeline knows it, else the original's.
    """

    alias: str
    key: str
    body: bytes
    etag: str
    listed_size: int

    def whole(self) -> Read:
        """Return a read of the whole object."""
        wanted = Wanted(sha256=digest(self.body), length=len(self.body), etag=self.etag)
        return Read("whole", "get_object", self._named(), wanted)

    def part(self, first: int, last: int) -> Read:
        """Return a read of bytes ``first`` to ``last``, both included."""
        body = self.body[first : last + 1]
        wanted = Wanted(sha256=digest(body), length=len(body), etag=self.etag)
        return Read("range", "get_object", self._named(Range=f"bytes={first}-{last}"), wanted)

    def past_its_end(self) -> Read:
        """Return a read of a range past the end."""
        parameters = self._named(Range=f"bytes={len(self.body)}-")
        return Read("range", "get_object", parameters, Wanted("InvalidRange"))

    def head(self) -> Read:
        """Return a HEAD request."""
        wanted = Wanted(length=len(self.body), etag=self.etag)
        return Read("head", "head_object", self._named(), wanted)

    def unchanged(self) -> Read:
        """Return a read with `If-None-Match` and the current ETag."""
        return Read("condition", "get_object", self._named(IfNoneMatch=self.etag), Wanted("304"))

    def changed(self) -> Read:
        """Return a read with `If-Match` and another ETag."""
        parameters = self._named(IfMatch='"another"')
        return Read("condition", "get_object", parameters, Wanted("PreconditionFailed"))

    def _named(self, **more: Any) -> dict[str, Any]:
        return {"Bucket": self.alias, "Key": self.key, **more}


@cache
def photos() -> dict[str, bytes]:
    """Return twenty photographs by key: those of scikit-image, whole and cut into quarters."""
    whole = photographs()
    cut = {
        f"{top}-{left}-{key}": bytes(
            Pipeline.parse(f"crop:{top},{left},150,200/jpeg").encode(body).body
        )
        for key, body in whole.items()
        for top, left in _QUARTERS
    }
    return dict(list({**whole, **cut}.items())[:20])


def derive(alias: str, spec: str) -> list[DerivedObject]:
    """Return the expected results of all photographs through one access point."""
    return [replace(derived, alias=alias) for derived in _derived(spec)]


@cache
def _derived(spec: str) -> list[DerivedObject]:
    pipeline = Pipeline.parse(spec)
    derived = []
    for key, body in photos().items():
        source_etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        made = bytes(pipeline.encode(body, seed=Seed(0, key, source_etag)).body)
        etag = derived_etag(source_etag, pipeline.fingerprint, 0)
        derived.append(DerivedObject("", key, made, etag, pipeline.output.nbytes or len(body)))
    return derived


def list_all(derived: Sequence[DerivedObject]) -> Read:
    """Return a listing of one access point."""
    entries = [{"Key": d.key, "ETag": d.etag, "Size": d.listed_size} for d in derived]
    wanted = Wanted(sha256=digest(listing({"Contents": entries})))
    return Read("list", "list_objects_v2", {"Bucket": derived[0].alias}, wanted)


def mixture(points: Sequence[Sequence[DerivedObject]], count: int, seed: int) -> Iterator[Read]:
    """Yield `count` reads: most of whole objects, and some of each other kind."""
    random = Random(seed)
    for _ in range(count):
        derived = random.choice(points)
        one = random.choice(derived)
        first = random.randrange(len(one.body))
        last = random.randrange(first, len(one.body))
        match random.choices(range(7), (70, 10, 2, 10, 3, 2, 3))[0]:
            case 0:
                yield one.whole()
            case 1:
                yield one.part(first, last)
            case 2:
                yield one.past_its_end()
            case 3:
                yield one.head()
            case 4:
                yield one.unchanged()
            case 5:
                yield one.changed()
            case _:
                yield list_all(derived)
