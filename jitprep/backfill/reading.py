"""Reading and transforming one original, with the result of a read through an access point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from jitprep.backfill.job import BackfillJob
from jitprep.backfill.listing import ListedObject
from jitprep.backfill.outcome import Failed, sdk_message, status
from jitprep.service.http import content_codings
from jitprep.service.results.copy_metadata import owner_metadata
from jitprep.service.results.derived_object import provenance
from preprocessing import PreprocessingError, Seed

# boto3 retries requests, but not bodies that break off.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Copy:
    """Result of a pipeline for one original.

    Parameters
    ----------
    body : bytes or bytearray
    content_type : str
    shape : tuple of int
        Empty where the original was passed through, and for several arrays, whose body has their shapes.
    dtype : str
    metadata : dict of str to str
        The original's metadata, and how the copy was made.
    cache_control : str, optional
        Header of the original.
    columns : dict or pyarrow.StructScalar, optional
        Other columns of a table's row, for shards; None for an object.
    """

    body: bytes | bytearray
    content_type: str
    shape: tuple[int, ...]
    dtype: str
    metadata: dict[str, str]
    cache_control: str | None
    columns: Any = None


def make(s3: Any, job: BackfillJob, original: ListedObject) -> Copy:
    """Read an original and transform it.

    Raises
    ------
    Failed
    """
    limit = job.limits.source_bytes
    if original.size > limit:
        raise _too_large(original.size, limit)
    stored, head = _read(s3, job, original)
    try:
        body = content_codings.decode(stored, head.get("ContentEncoding"), job.limits)
    except PreprocessingError as error:
        raise Failed(str(error), lasting=True) from None
    copy = transformed(job, original, body, Seed(job.seed, original.key, original.etag))
    metadata = {**owner_metadata(head["Metadata"]), **copy.metadata}
    return replace(copy, metadata=metadata, cache_control=head.get("CacheControl"))


def transformed(job: BackfillJob, original: ListedObject, body: bytes, seed: Seed) -> Copy:
    """Return the result of the pipeline for the bytes of an original.

    Raises
    ------
    Failed
    """
    try:
        encoded = job.pipeline.encode(body, seed=seed, limits=job.limits)
    except PreprocessingError as error:
        raise Failed(str(error), lasting=True) from None
    except MemoryError:
        raise Failed("out of memory; use fewer --processes, or lower the limits") from None
    except Exception as error:  # a defect of ours must not stop the others
        why = f"unexpected error in the pipeline, please report it: {type(error).__name__}: {error}"
        raise Failed(why, lasting=True) from error
    sides = encoded.metadata.get("shape")
    return Copy(
        body=encoded.body,
        content_type=encoded.content_type,
        shape=tuple(map(int, sides.split(","))) if sides and "=" not in sides else (),
        dtype=encoded.metadata.get("dtype", ""),
        metadata=provenance(encoded.metadata, original.etag),
        cache_control=None,
    )


def read_range(s3: Any, job: BackfillJob, original: ListedObject, start: int, stop: int) -> bytes:
    """Read some bytes of the listed version of an original.

    Raises
    ------
    Failed
    """
    if start == stop:
        return b""
    body, head = _read(s3, job, original, start, stop)
    if content_codings.of(head.get("ContentEncoding") or ""):
        raise Failed("the table has a Content-Encoding; store it without", lasting=True)
    return body


def _read(
    s3: Any, job: BackfillJob, original: ListedObject, start: int = 0, stop: int | None = None
) -> tuple[bytes, dict[str, Any]]:
    place = {"Bucket": job.source.bucket, "Key": original.key}
    size = original.size if stop is None else stop - start
    if stop is not None:
        place["Range"] = f"bytes={start}-{stop - 1}"
    tries = 0
    while True:
        try:
            # Only the listed version, whose ETag the copy records.
            head = s3.get_object(**place, IfMatch=original.etag)
        except ClientError as error:
            raise _refused(error) from None
        except BotoCoreError as error:
            raise Failed(f"{sdk_message(error)}; run the command again") from None
        try:
            body: bytes = head["Body"].read()
            why = f"received {len(body)} of {size} bytes"
        except BotoCoreError as error:  # the body broke off, or its checksum differs
            why = sdk_message(error)
        else:
            # Where the connection closes within the headers, http.client takes those it has for all.
            if len(body) == size:
                return body, head
        tries += 1
        if tries == _TRIES:
            raise Failed(f"{why}; run the command again")


def _too_large(size: int, limit: int) -> Failed:
    return Failed(
        f"the object has {size} bytes, and the limit is {limit}; raise JITPREP_MAX_BYTES",
        lasting=True,
    )


def _refused(error: ClientError) -> Failed:
    if status(error) in {404, 412}:
        return Failed(
            "the object was replaced or deleted after it was listed; run the command again"
        )
    archived = error.response["Error"].get("Code") == "InvalidObjectState"
    hint = "; restore the object from its archive first" if archived else ""
    return Failed(f"{sdk_message(error)}{hint}", lasting=archived)
