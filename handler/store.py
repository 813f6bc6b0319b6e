"""Transformed copies of objects, written to S3: each under its original's key, below a folder.

A task may run twice, and twice at once: S3 Batch Operations tries again. So a copy is what a read
through an access point gives, bytes and metadata, however often it is written; and one that is there
already, of the same original, pipeline and seed, is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004

from handler import buckets, errors, read, s3, source
from handler.config import config
from handler.copies import MOST_METADATA, is_current, size_of, storable
from handler.errors import RequestFailed
from handler.exchange import (
    Deadline,
    Measures,
    ObjectRequest,
    Response,
    Source,
    StoreRequest,
    StoreTask,
)
from preprocessing import Pipeline, PreprocessingError

_METADATA = "x-amz-meta-"
# Without leave to list the bucket, S3 says of an object that is not there that it is forbidden.
_NOT_THERE = frozenset({403, 404})


def answer(
    request: StoreRequest, pipeline: Pipeline, deadline: Deadline, measures: Measures
) -> Response:
    """Store the copies that are not there yet, one after the other.

    Returns
    -------
    Response
        With `each` task's own, and the status and the error of the first that failed.
    """
    each = tuple(_answer(request, task, pipeline, deadline, measures) for task in request.tasks)
    first = next((one for one in each if one.error_code is not None), Response(200))
    return Response(
        first.status, error_code=first.error_code, error_message=first.error_message, each=each
    )


def _answer(
    request: StoreRequest,
    task: StoreTask,
    pipeline: Pipeline,
    deadline: Deadline,
    measures: Measures,
) -> Response:
    try:
        source.require_time(deadline)
        done = _store(request, task, pipeline, deadline, measures)
    except (RequestFailed, PreprocessingError, MemoryError) as error:
        return Response.refusal(errors.explain(error))
    return Response(200, done.encode())


def _store(
    request: StoreRequest,
    task: StoreTask,
    pipeline: Pipeline,
    deadline: Deadline,
    measures: Measures,
) -> str:
    """Store one copy, and return what was done. What costs least goes first."""
    place = _place(request, task)
    # A folder's marker: whatever lies below the folder brings its name along.
    if task.key.endswith("/") and source.head(_original("HEAD", task), deadline).length == 0:
        return "skipped: the object has no bytes, and only stands for a folder"
    found = _found(place)
    if found is not None:
        if "fingerprint" not in found:
            raise RequestFailed(
                409,
                "OutputTaken",
                f"{_shown(place)} is there already, and is no copy made by jitprep; write below another "
                "prefix, or delete it",
            )
        etag = source.head(_original("HEAD", task), deadline).etag
        if is_current(found, pipeline, etag, request.choice.seed):
            return f"current: {_shown(place)}"
    asked = ObjectRequest("GET", task.key, _original("GET", task), request.choice)
    derived = read.get(asked, pipeline, deadline, measures)
    with measures.timed("store"), _of_output(place):
        s3.client().put_object(**place, Body=bytes(derived.body), **_described(derived.headers))
    return f"stored: {_shown(place)}"


def _place(request: StoreRequest, task: StoreTask) -> Mapping[str, str]:
    """Return where the copy goes: anywhere but over its original."""
    place = {"Bucket": request.output.bucket, "Key": request.output.prefix + task.key}
    bucket = config().buckets[buckets.alias_of(task.bucket)]
    if place == {"Bucket": bucket, "Key": task.key}:
        raise RequestFailed(
            400,
            "OutputIsSource",
            f"the copy would overwrite its original, {_shown(place)}; write below a prefix, or into "
            "another bucket",
        )
    return place


def _original(method: Literal["GET", "HEAD"], task: StoreTask) -> Source:
    return buckets.of_object(method, buckets.alias_of(task.bucket), task.key, task.version)


def _found(place: Mapping[str, str]) -> Mapping[str, str] | None:
    """Return the metadata of what is there; None where there is nothing, or it may not be seen."""
    with _of_output(place):
        try:
            metadata: Mapping[str, str] = s3.client().head_object(**place)["Metadata"]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in _NOT_THERE:
                return None
            raise
    return metadata


def _described(headers: Mapping[str, str]) -> dict[str, Any]:
    """Return what a read says of the object as parameters of PutObject."""
    described: dict[str, Any] = {"ContentType": headers["Content-Type"]}
    if "cache-control" in headers:
        described["CacheControl"] = headers["cache-control"]
    told = storable(
        {
            name.removeprefix(_METADATA): value
            for name, value in headers.items()
            if name.startswith(_METADATA)
        }
    )
    if (size := size_of(told)) > MOST_METADATA:
        raise RequestFailed(
            400,
            "MetadataTooLarge",
            f"the original's metadata and the copy's own have {size} bytes, and S3 takes "
            f"{MOST_METADATA}; shorten the original's",
        )
    return {**described, "Metadata": told}


@contextmanager
def _of_output(place: Mapping[str, str]) -> Iterator[None]:
    """Put what S3 says of the output into words that name it."""
    try:
        yield
    except ClientError as error:
        told, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        code = told["Code"] if told["Code"].isalpha() else "OutputRefused"
        words = told.get("Message") or f"S3 answered with status {status}"
        raise RequestFailed(status, code, f"{_shown(place)}: {words}") from None
    except (ConnectionError, HTTPClientError) as error:
        raise RequestFailed(
            503,
            "OutputUnavailable",
            f"{_shown(place)} could not be reached ({type(error).__name__}); try again",
        ) from None


def _shown(place: Mapping[str, str]) -> str:
    return f"s3://{place['Bucket']}/{place['Key']}"
