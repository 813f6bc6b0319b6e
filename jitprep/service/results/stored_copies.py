"""Transformed copies of objects, written to S3: each under its original's key, below a folder.

S3 Batch Operations may run a task twice, even concurrently. So writing is idempotent: a copy has the
bytes and metadata of a read through an access point, and an existing copy of the same original, pipeline
and seed is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004

from jitprep.service import errors, read, s3
from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ObjectName, ObjectRequest, Presigned, Response, StoreRequest
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.results.copy_metadata import (
    CONFLICT,
    FAILED,
    SOURCE_ETAG,
    ConditionsNotHonoured,
    Found,
    KeyTooLong,
    MetadataTooLarge,
    key_of,
    put,
    storable,
)
from jitprep.service.s3_names import METADATA_HEADER, S3Prefix
from jitprep.service.shards.collect import collect
from jitprep.service.source import bucket_source
from jitprep.service.source.original import head_signed, require_time
from preprocessing import PreprocessingError

if TYPE_CHECKING:
    from preprocessing.pipeline import AnyPipeline

# A copy of a shard is in memory, whole, while it is made and put.
_SHARE_OF_MEMORY = 4


def store_copies(
    request: StoreRequest,
    output: S3Prefix,
    pipeline: AnyPipeline,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Response:
    """Store the missing copies below `output`, one after the other.

    Returns
    -------
    Response
        It has the answer to `each` task, and the status and error of the first that failed.
    """
    each = tuple(
        _answer(request, output, task, pipeline, deadline, metrics) for task in request.tasks
    )
    first = next((one for one in each if one.error_code is not None), Response(200))
    return Response(
        first.status, error_code=first.error_code, error_message=first.error_message, each=each
    )


def _answer(
    request: StoreRequest,
    output: S3Prefix,
    task: ObjectName,
    pipeline: AnyPipeline,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Response:
    try:
        require_time(deadline)
        done = _store(request, output, task, pipeline, deadline, metrics)
    except (RequestFailed, PreprocessingError, MemoryError) as error:
        return Response.refusal(errors.as_request_failed(error))
    return Response(200, done.encode())


def _store(
    request: StoreRequest,
    output: S3Prefix,
    task: ObjectName,
    pipeline: AnyPipeline,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> str:
    """Store one copy, and return what was done. The cheapest checks come first."""
    place = _place(output, task)
    # A folder's marker needs no copy: the keys of the copies below it contain its name.
    if task.key.endswith("/") and head_signed(_original("HEAD", task), deadline).length == 0:
        return "skipped: the object is empty and stands for a folder"
    found = _find(place, task.key)
    if found is not None:
        etag = head_signed(_original("HEAD", task), deadline).etag
        if found.is_current(pipeline, etag, request.choice.seed):
            return f"current: {_shown(place)}"
    asked = ObjectRequest("GET", task.key, task, request.choice)
    answer = read.get(asked, _original("GET", task), pipeline, config().policy, deadline, metrics)
    derived = collect(answer, config().memory_bytes // _SHARE_OF_MEMORY)
    with metrics.timed("store"):
        if _put(place, task.key, found, derived):
            return f"stored: {_shown(place)}"
    now, etag = _find(place, task.key), derived.headers[f"{METADATA_HEADER}{SOURCE_ETAG}"]
    if now is not None and now.is_current(pipeline, etag, request.choice.seed):
        return f"current: {_shown(place)}"
    raise RequestFailed(
        503,
        "OutputBusy",
        f"{_shown(place)}: another writer changed the object meanwhile; try again",
    )


def _place(output: S3Prefix, task: ObjectName) -> Mapping[str, str]:
    """Return the bucket and key of the copy, which must not be its original's."""
    try:
        place = {"Bucket": output.bucket, "Key": key_of(output.prefix, task.key)}
    except KeyTooLong as error:
        raise RequestFailed(400, "KeyTooLongError", str(error)) from None
    bucket = config().buckets[bucket_source.alias_of(task.bucket)]
    if place == {"Bucket": bucket, "Key": task.key}:
        raise RequestFailed(
            400,
            "OutputIsSource",
            f"the copy would overwrite its original, {_shown(place)}; write below a prefix, or into "
            "another bucket",
        )
    return place


def _original(method: Literal["GET", "HEAD"], task: ObjectName) -> Presigned:
    return bucket_source.resolve(replace(task, bucket=bucket_source.alias_of(task.bucket)), method)


def _find(place: Mapping[str, str], name: str) -> Found | None:
    """Return the copy at `place`; None without an object, and raise for any other object."""
    with _of_output(place):
        try:
            head = s3.client().head_object(**place)
        except ClientError as error:
            if _status(error) == 404:
                return None
            raise
    found = Found.of(name, head)
    if not found.is_copy:
        raise RequestFailed(
            409,
            "OutputTaken",
            f"{_shown(place)} exists, and is not a copy that jitprep wrote there; write below another "
            "prefix, or delete it",
        )
    return found


def _put(place: Mapping[str, str], name: str, found: Found | None, derived: Response) -> bool:
    """Write a copy if `place` is unchanged since `found`; return whether it was written."""
    described = _described(name, derived)

    def write(condition: Mapping[str, str]) -> int:
        try:
            s3.client().put_object(**place, **condition, **described, Body=derived.whole_body)
        except ClientError as error:
            if _status(error) in {CONFLICT, FAILED}:
                return _status(error)
            raise
        return 200

    with _of_output(place):
        try:
            return put(write, lambda: _find(place, name), found)
        except ConditionsNotHonoured as error:
            raise RequestFailed(409, "OutputRefused", f"{_shown(place)}: {error}") from None


def _described(name: str, derived: Response) -> dict[str, Any]:
    """Return the headers of a read as parameters of PutObject."""
    headers = derived.headers
    described: dict[str, Any] = {"ContentType": headers["Content-Type"]}
    if "cache-control" in headers:
        described["CacheControl"] = headers["cache-control"]
    metadata = {
        header.removeprefix(METADATA_HEADER): value
        for header, value in headers.items()
        if header.startswith(METADATA_HEADER)
    }
    try:
        return {**described, "Metadata": storable(name, metadata, len(derived.whole_body))}
    except MetadataTooLarge as error:
        raise RequestFailed(400, "MetadataTooLarge", str(error)) from None


@contextmanager
def _of_output(place: Mapping[str, str]) -> Iterator[None]:
    """Translate S3's errors about the output into failures that name it."""
    try:
        yield
    except ClientError as error:
        reported, status = error.response["Error"], _status(error)
        if not reported["Code"].isalpha():  # the answer to a HEAD has no error document
            raise _refused(place, status) from None
        message = f"{_shown(place)}: {reported['Message']}"
        raise RequestFailed(status, reported["Code"], message) from None
    except (ConnectionError, HTTPClientError) as error:
        raise RequestFailed(
            503,
            "OutputUnavailable",
            f"{_shown(place)} could not be reached at {_host()} ({type(error).__name__}); try again",
        ) from None


def _refused(place: Mapping[str, str], status: int) -> RequestFailed:
    remedy = "see the function's log"
    if status == 403:
        remedy = (
            "allow the function's role s3:GetObject on the output and s3:ListBucket on its bucket, "
            "which S3 requires to say whether an object exists"
        )
    words = f"{_shown(place)}: S3 answered the function with status {status}; {remedy}"
    return RequestFailed(status, "OutputRefused", words)


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])


def _host() -> str:
    return str(urlsplit(s3.client().meta.endpoint_url).netloc)


def _shown(place: Mapping[str, str]) -> str:
    return f"s3://{place['Bucket']}/{place['Key']}"
