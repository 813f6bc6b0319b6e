"""Makes the manifest of a job from a bucket, and stores it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Sequence

from jitprep.emulator.control.access_points import now
from jitprep.emulator.data_plane.s3_client import ObjectClient
from jitprep.emulator.jobs.files import BadManifest, encode_key
from jitprep.emulator.jobs.manifest_generator import GeneratedManifest, ManifestGenerator


async def matching_keys(
    generator: ManifestGenerator, account: str, objects: ObjectClient
) -> Sequence[str]:
    """Return the keys of the objects that a manifest names.

    Raises
    ------
    BadManifest
        If there are none, if another account than this one must own the bucket, and if the bucket has
        versions.
    S3Error
        The error that S3 returns.
    """
    bucket = generator.bucket
    if generator.owner not in {None, account}:
        raise BadManifest(f"{bucket} belongs to account {account}, not to {generator.owner}.")
    if await objects.is_versioned(bucket):
        raise BadManifest(
            f"{bucket} has versions; this endpoint does not generate manifests of such buckets, because "
            "AWS does not document which versions they name."
        )
    found = objects.list(bucket, generator.filter.prefix or "")
    keys = [stored.key async for stored in found if generator.filter.matches(stored)]
    if not keys:
        raise BadManifest("Manifest generation found no keys matching the filter criteria.")
    return keys


async def store_manifest(
    bucket: str, keys: Sequence[str], place: tuple[str, str], objects: ObjectClient
) -> GeneratedManifest:
    """Store the manifest of a bucket's keys in a bucket and folder, as S3 Inventory lays out a report.

    AWS does not document the names of the files.

    Raises
    ------
    S3Error
        The error that S3 returns.
    """
    target, folder = place
    text = io.StringIO()
    rows = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    rows.writerows((bucket, encode_key(key)) for key in keys)
    body = gzip.compress(text.getvalue().encode(), mtime=0)
    checksum = hashlib.md5(body, usedforsecurity=False).hexdigest()
    part = f"{folder}/data/{checksum}.csv.gz"
    await objects.put(target, part, body)
    index = {
        "sourceBucket": bucket,
        "destinationBucket": f"arn:aws:s3:::{target}",
        "version": "2016-11-30",
        "creationTimestamp": str(int(now().timestamp() * 1000)),
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key",
        "files": [{"key": part, "size": len(body), "MD5checksum": checksum}],
    }
    key = f"{folder}/manifest.json"
    etag = await objects.put(target, key, json.dumps(index, indent=4).encode())
    return GeneratedManifest(f"arn:aws:s3:::{target}/{key}", etag)
