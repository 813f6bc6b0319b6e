"""What is read: photographs, pipelines, and what must come of each."""

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

# Gray PNG, float32 and uint8 tensors, a JPEG, and crops drawn from the object's identity.
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
    """What a read of one object through one access point gives.

    Parameters
    ----------
    alias, key
        The access point's alias, and the object's key.
    body
        What `preprocessing` makes of it.
    etag
        What the handler calls it.
    listed_size
        What a listing tells: its size where the pipeline knows it, else the original's.
    """

    alias: str
    key: str
    body: bytes
    etag: str
    listed_size: int

    def whole(self) -> Read:
        """Read all of it."""
        wanted = Wanted(sha256=digest(self.body), length=len(self.body), etag=self.etag)
        return Read("whole", "get_object", self._named(), wanted)

    def part(self, first: int, last: int) -> Read:
        """Read bytes ``first`` to ``last``, both included."""
        body = self.body[first : last + 1]
        wanted = Wanted(sha256=digest(body), length=len(body), etag=self.etag)
        return Read("range", "get_object", self._named(Range=f"bytes={first}-{last}"), wanted)

    def past_its_end(self) -> Read:
        """Read where nothing is."""
        parameters = self._named(Range=f"bytes={len(self.body)}-")
        return Read("range", "get_object", parameters, Wanted("InvalidRange"))

    def head(self) -> Read:
        """Ask how long it is."""
        wanted = Wanted(length=len(self.body), etag=self.etag)
        return Read("head", "head_object", self._named(), wanted)

    def unchanged(self) -> Read:
        """Read it unless it is what one has."""
        return Read("condition", "get_object", self._named(IfNoneMatch=self.etag), Wanted("304"))

    def changed(self) -> Read:
        """Read it if it is what it is not."""
        parameters = self._named(IfMatch='"another"')
        return Read("condition", "get_object", parameters, Wanted("PreconditionFailed"))

    def _named(self, **more: Any) -> dict[str, Any]:
        return {"Bucket": self.alias, "Key": self.key, **more}


@cache
def photos() -> dict[str, bytes]:
    """Return twenty photographs by key: those that scikit-image ships, whole and in quarters."""
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
    """Return what reads of all photographs through one access point must give."""
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
    """List everything behind one access point."""
    entries = [{"Key": d.key, "ETag": d.etag, "Size": d.listed_size} for d in derived]
    wanted = Wanted(sha256=digest(listing({"Contents": entries})))
    return Read("list", "list_objects_v2", {"Bucket": derived[0].alias}, wanted)


def mixture(points: Sequence[Sequence[DerivedObject]], count: int, seed: int) -> Iterator[Read]:
    """Return so many reads: most of whole objects, and some of each other sort."""
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
