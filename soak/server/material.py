"""The mounts, the originals behind them, and what each read must return."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random

from jitprep.service.results.derived_object import derived_etag
from jitprep.service.source.stored.folder import file_etag
from preprocessing import Pipeline, Seed
from soak import material
from soak.load.reads import Read, Wanted, digest
from soak.material import SPECS, DerivedObject
from soak.server.stage import MountTable
from soak.server.visitors import BATCH
from soak.stage import BUCKET

FOLDER = "folder"
# Originals with checksums of their own, and originals without.
MARKED, UNMARKED = "marked", "unmarked"
_FOLDER_SPEC = SPECS[2]
_FORGED_SPEC = "resize:64,64/npy"
_BATCH_SHARE = 0.03
_MOST_ROWS = 12


def mounts(folder: Path) -> list[MountTable]:
    """Return the mounts: each pipeline on the bucket of photographs, and a folder of the same."""
    of_bucket = [MountTable(f"soak-{n}", f"s3://{BUCKET}", spec) for n, spec in enumerate(SPECS)]
    forged = [MountTable(name, f"s3://{name}", _FORGED_SPEC) for name in (MARKED, UNMARKED)]
    return [*of_bucket, MountTable(FOLDER, str(folder), _FOLDER_SPEC), *forged]


def fill(folder: Path) -> None:
    """Write the photographs into a folder."""
    for key, body in material.photos().items():
        (folder / key).write_bytes(body)


def points(folder: Path) -> list[list[DerivedObject]]:
    """Return what the objects of each mount must be."""
    of_bucket = [material.derive(f"soak-{n}", spec) for n, spec in enumerate(SPECS)]
    return [*of_bucket, _of_folder(folder)]


def _of_folder(folder: Path) -> list[DerivedObject]:
    pipeline = Pipeline.parse(_FOLDER_SPEC)
    made = {derived.key: derived.body for derived in material.derive(FOLDER, _FOLDER_SPEC)}
    return [
        DerivedObject(
            FOLDER,
            key,
            body,
            derived_etag(file_etag((folder / key).stat()), pipeline.fingerprint, 0),
            pipeline.output.nbytes or len(material.photos()[key]),
        )
        for key, body in made.items()
    ]


def mixture(of_mounts: Sequence[Sequence[DerivedObject]], count: int, seed: int) -> list[Read]:
    """Return `count` reads: as an endpoint's clients send them, and batches."""
    random = Random(seed)
    reads = list(material.mixture(of_mounts, count, seed))
    for at in range(count):
        if random.random() < _BATCH_SHARE:
            objects = random.choice(of_mounts)
            reads[at] = batch(random.choices(objects, k=random.randint(1, _MOST_ROWS)))
    return reads


def batch(objects: Sequence[DerivedObject]) -> Read:
    """Return a batch of objects of one mount."""
    rows = [(derived.key, derived.etag, digest(derived.body)) for derived in objects]
    return Read(BATCH, BATCH, {"Bucket": objects[0].alias, "Rows": rows})


@cache
def forgeable() -> Mapping[str, Mapping[str, bytes]]:
    """Return originals by bucket and key: PNGs, whose chunks have checksums, and JPEGs without any."""
    png = Pipeline.parse("resize:96,96/png")
    photos = material.photos()
    return {
        MARKED: {key: bytes(png.encode(body).body) for key, body in photos.items()},
        UNMARKED: {key: body for key, body in photos.items() if len(body) < 2**15},
    }


def forged_reads(count: int, seed: int) -> Iterator[Read]:
    """Yield reads of whole objects, whose originals may arrive forged."""
    random, pipeline = Random(seed), Pipeline.parse(_FORGED_SPEC)
    wanted = {
        (bucket, key): _wanted(pipeline, key, body)
        for bucket, objects in forgeable().items()
        for key, body in objects.items()
    }
    for bucket, key in random.choices(sorted(wanted), k=count):
        parameters = {"Bucket": bucket, "Key": key}
        yield Read(bucket, "get_object", parameters, wanted[bucket, key])


def _wanted(pipeline: Pipeline, key: str, body: bytes) -> Wanted:
    etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    made = bytes(pipeline.encode(body, seed=Seed(0, key, etag)).body)
    return Wanted(
        sha256=digest(made), length=len(made), etag=derived_etag(etag, pipeline.fingerprint, 0)
    )
