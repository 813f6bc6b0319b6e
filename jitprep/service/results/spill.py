"""Answers that are too large for Lambda: stored in S3, with a redirect to a presigned URL."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from urllib.parse import urlsplit

from jitprep.service import s3
from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.lambda_limits import BodyLimit
from jitprep.service.messages import Response
from jitprep.service.s3_names import S3Prefix

# A body that is spilled is in memory, whole, with everything else that the function holds.
_SHARE_OF_MEMORY = 4
# Long enough for the client to start the download, with some retries.
_EXPIRES_S = 900


def largest_body(limit: BodyLimit) -> int:
    """Return how many bytes a body may have for a door that can carry `limit`.

    Where JITPREP_SPILL is set, larger bodies can be returned, up to a quarter of the function's memory.
    """
    if limit.streamed or config().spill is None:
        return limit.nbytes
    return max(limit.nbytes, config().memory_bytes // _SHARE_OF_MEMORY)


def fit_body(response: Response, most: int) -> Response:
    """Return the response, or a redirect to its body where that has more than `most` bytes.

    Parameters
    ----------
    response : Response
    most : int
        How many bytes of body the door can carry.

    Returns
    -------
    Response
        The same, or with status 307, an empty body, and a presigned URL in ``Location``.

    Raises
    ------
    RequestFailed
        ``ResponseTooLarge``, 413, where JITPREP_SPILL is not set; or for a part of an object, because
        the client would ask the copy for the same part again. ``SpillFailed``, 500, where the body
        could not be stored.
    """
    size = len(response.whole_body)
    if size <= most:
        return response
    folder = config().spill
    if folder is None or response.status != 200:
        raise RequestFailed(
            413,
            "ResponseTooLarge",
            f"the answer has {size} bytes, and Lambda returns at most {most} whole; ask for less at a "
            "time, let the function stream (JITPREP_RUNTIME_CLIENT=jitprep), or set a folder for large "
            "answers in JITPREP_SPILL",
        )
    headers = {**response.headers, "Location": _put(folder, response)}
    return replace(response, status=307, body=b"", headers=headers)


def _put(folder: S3Prefix, response: Response) -> str:
    """Store the body under its hash, and return a presigned URL of it.

    It is stored even where a copy exists, because the copy may be about to expire.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  as the client

    key = folder.prefix + hashlib.sha256(response.whole_body).hexdigest()
    place = {"Bucket": folder.bucket, "Key": key}
    kind = response.headers.get("Content-Type", "application/octet-stream")
    try:
        s3.client().put_object(**place, Body=response.whole_body, ContentType=kind)
    except ClientError as error:
        raise _failed(error.response["Error"]["Code"]) from None
    except BotoCoreError as error:
        host = urlsplit(s3.client().meta.endpoint_url).netloc
        raise _failed(f"{type(error).__name__} at {host}") from None
    url: str = s3.client().generate_presigned_url("get_object", place, _EXPIRES_S)
    return url


def _failed(why: str) -> RequestFailed:
    return RequestFailed(
        500,
        "SpillFailed",
        f"the answer is too large for Lambda, and could not be stored in JITPREP_SPILL ({why}); "
        "allow the function's role s3:PutObject and s3:GetObject there, or ask for a range",
    )
