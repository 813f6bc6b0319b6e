"""One original, read and transformed: what a read of it through an access point would give."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from backfill.job import Job
from backfill.listing import Original
from backfill.outcome import Failed, explain, status
from handler.copies import told
from preprocessing import PreprocessingError, Seed

# boto3 asks again where S3 refuses, but not where a body that has begun breaks off.
_TRIES = 3
_ZIPPED = frozenset({"gzip", "deflate"})


@dataclass(frozen=True, slots=True)
class Copy:
    """What a pipeline makes of an original.

    Parameters
    ----------
    body : bytes or bytearray
    content_type : str
    metadata : dict of str to str
        The original's own, and how the copy was made.
    cache_control : str, optional
        The original's own.
    """

    body: bytes | bytearray
    content_type: str
    metadata: dict[str, str]
    cache_control: str | None


def make(s3: Any, job: Job, original: Original) -> Copy:
    """Read an original and transform it.

    Raises
    ------
    Failed
    """
    limit = job.limits.source_bytes
    if original.size > limit:
        raise _too_large(original.size, limit)
    stored, head = _read(s3, job, original)
    body = _unzipped(stored, limit) if head.get("ContentEncoding") in _ZIPPED else stored
    seed = Seed(job.seed, original.key, original.etag)
    try:
        encoded = job.pipeline.encode(body, seed=seed, limits=job.limits)
    except PreprocessingError as error:
        raise Failed(str(error), lasting=True) from None
    except MemoryError:
        raise Failed("memory ran out; give fewer --processes, or lower the limits") from None
    except Exception as error:  # a defect of ours must not stop the rest
        why = f"the pipeline failed unexpectedly, report it: {type(error).__name__}: {error}"
        raise Failed(why, lasting=True) from error
    owners = {name: value for name, value in head["Metadata"].items() if value.isascii()}
    metadata = {**owners, **told(encoded.metadata, original.etag)}
    return Copy(encoded.body, encoded.content_type, metadata, head.get("CacheControl"))


def _read(s3: Any, job: Job, original: Original) -> tuple[bytes, dict[str, Any]]:
    place = {"Bucket": job.source.bucket, "Key": original.key}
    tries = 0
    while True:
        try:
            # Exactly what was listed, which the copy will say that it was made of.
            head = s3.get_object(**place, IfMatch=original.etag)
        except ClientError as error:
            raise _refused(error) from None
        except BotoCoreError as error:
            raise Failed(f"{explain(error)}; run it again") from None
        try:
            body: bytes = head["Body"].read()
            why = f"{len(body)} bytes came of {original.size}"
        except BotoCoreError as error:  # it broke off, or is not what its checksum says
            why = explain(error)
        else:
            # Where the connection closes among the headers, http.client takes those that came for all.
            if len(body) == original.size:
                return body, head
        tries += 1
        if tries == _TRIES:
            raise Failed(f"{why}; run it again")


def _unzipped(stored: bytes, limit: int) -> bytes:
    """Return what is stored under a Content-Encoding, as whoever reads by HTTP gets it."""
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip's header or zlib's
    try:
        body = unzip.decompress(stored, limit + 1)
    except zlib.error as error:
        raise Failed(f"is not what its Content-Encoding says: {error}", lasting=True) from None
    if len(body) > limit:
        raise _too_large(len(body), limit)
    return body


def _too_large(size: int, limit: int) -> Failed:
    return Failed(
        f"the object has {size} bytes or more, and the limit is {limit}; raise JITPREP_MAX_BYTES",
        lasting=True,
    )


def _refused(error: ClientError) -> Failed:
    if status(error) in {404, 412}:
        return Failed("it was replaced or deleted after it was listed; run it again")
    archived = error.response["Error"].get("Code") == "InvalidObjectState"
    hint = "; it is archived: restore it first" if archived else ""
    return Failed(f"{explain(error)}{hint}", lasting=archived)
