"""Transformed copies of objects, written to S3: each under its original's key, below a folder.

A task may run twice, and twice at once: S3 Batch Operations tries again. So a copy is what a read
through an access point gives, bytes and metadata, however often it is written; and one that is there
already, of the same original, pipeline and seed, is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004

from jitprep.service import errors, read, s3
from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import (
    ObjectRequest,
    Presigned,
    RequestMetrics,
    Response,
    StoreRequest,
    StoreTask,
)
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
from jitprep.service.source import bucket_source, original
from preprocessing import Pipeline, PreprocessingError

_METADATA = "x-amz-meta-"


def answer(
    request: StoreRequest, pipeline: Pipeline, deadline: Deadline, metrics: RequestMetrics
) -> Response:
    """Store the copies that are not there yet, one after the other.

    Returns
    -------
    Response
        With `each` task's own, and the status and the error of the first that failed.
    """
    each = tuple(_answer(request, task, pipeline, deadline, metrics) for task in request.tasks)
    first = next((one for one in each if one.error_code is not None), Response(200))
    return Response(
        first.status, error_code=first.error_code, error_message=first.error_message, each=each
    )


def _answer(
    request: StoreRequest,
    task: StoreTask,
    pipeline: Pipeline,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Response:
    try:
        original.require_time(deadline)
        done = _store(request, task, pipeline, deadline, metrics)
    except (RequestFailed, PreprocessingError, MemoryError) as error:
        return Response.refusal(errors.explain(error))
    return Response(200, done.encode())


def _store(
    request: StoreRequest,
    task: StoreTask,
    pipeline: Pipeline,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> str:
    """Store one copy, and return what was done. What costs least goes first."""
    place = _place(request, task)
    # A folder's marker: whatever lies below the folder brings its name along.
    if task.key.endswith("/") and original.head(_original("HEAD", task), deadline).length == 0:
        return "skipped: the object has no bytes, and only stands for a folder"
    found = _find(place, task.key)
    if found is not None:
        etag = original.head(_original("HEAD", task), deadline).etag
        if found.is_current(pipeline, etag, request.choice.seed):
            return f"current: {_shown(place)}"
    asked = ObjectRequest("GET", task.key, _original("GET", task), request.choice)
    derived = read.get(asked, pipeline, deadline, metrics)
    with metrics.timed("store"):
        if _put(place, task.key, found, derived):
            return f"stored: {_shown(place)}"
    now, etag = _find(place, task.key), derived.headers[f"{_METADATA}{SOURCE_ETAG}"]
    if now is not None and now.is_current(pipeline, etag, request.choice.seed):
        return f"current: {_shown(place)}"
    raise RequestFailed(
        503, "OutputBusy", f"{_shown(place)}: somebody else writes something else there; try again"
    )


def _place(request: StoreRequest, task: StoreTask) -> Mapping[str, str]:
    """Return where the copy goes: anywhere but over its original."""
    try:
        place = {"Bucket": request.output.bucket, "Key": key_of(request.output.prefix, task.key)}
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


def _original(method: Literal["GET", "HEAD"], task: StoreTask) -> Presigned:
    return bucket_source.of_object(
        method, bucket_source.alias_of(task.bucket), task.key, task.version
    )


def _find(place: Mapping[str, str], name: str) -> Found | None:
    """Return what is there, if it is a copy; None where there is nothing."""
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
            f"{_shown(place)} is there already, and is not a copy that jitprep made for this place; "
            "write below another prefix, or delete it",
        )
    return found


def _put(place: Mapping[str, str], name: str, found: Found | None, derived: Response) -> bool:
    """Write a copy over what was found, and over nothing else; return whether it was written."""
    described = _described(name, derived)

    def write(condition: Mapping[str, str]) -> int:
        try:
            s3.client().put_object(**place, **condition, **described, Body=derived.body)
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
    """Return what a read says of the object as parameters of PutObject."""
    headers = derived.headers
    described: dict[str, Any] = {"ContentType": headers["Content-Type"]}
    if "cache-control" in headers:
        described["CacheControl"] = headers["cache-control"]
    metadata = {
        header.removeprefix(_METADATA): value
        for header, value in headers.items()
        if header.startswith(_METADATA)
    }
    try:
        return {**described, "Metadata": storable(name, metadata, len(derived.body))}
    except MetadataTooLarge as error:
        raise RequestFailed(400, "MetadataTooLarge", str(error)) from None


@contextmanager
def _of_output(place: Mapping[str, str]) -> Iterator[None]:
    """Put what S3 says of the output into words that name it."""
    try:
        yield
    except ClientError as error:
        told, status = error.response["Error"], _status(error)
        if not told["Code"].isalpha():  # the answer to a HEAD has no words
            raise _refused(place, status) from None
        raise RequestFailed(status, told["Code"], f"{_shown(place)}: {told['Message']}") from None
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
            "allow its role s3:GetObject on the output and s3:ListBucket on its bucket, without which "
            "S3 does not say what is there"
        )
    words = f"{_shown(place)}: S3 answered the function with status {status}; {remedy}"
    return RequestFailed(status, "OutputRefused", words)


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])


def _host() -> str:
    return str(urlsplit(s3.client().meta.endpoint_url).netloc)


def _shown(place: Mapping[str, str]) -> str:
    return f"s3://{place['Bucket']}/{place['Key']}"
