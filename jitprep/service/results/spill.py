"""Answers that are too large for Lambda: put where their client can fetch them itself."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from jitprep.service import s3
from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import Response
from jitprep.service.s3_names import S3Prefix

# A body that is put aside is in memory, whole, beside all else that the function holds.
_SHARE_OF_MEMORY = 4
# Long enough to begin the download of what was answered, with some tries.
_EXPIRES_S = 900


def largest(carried: int) -> int:
    """Return how many bytes a body may have whose door carries so many.

    More can be put aside, where there is a place for it, up to a quarter of the function's memory.
    """
    if config().spill is None:
        return carried
    return max(carried, config().memory_bytes // _SHARE_OF_MEMORY)


def fit(response: Response, most: int | None) -> Response:
    """Return the response, or where to fetch its body if that has more than `most` bytes.

    Parameters
    ----------
    response : Response
    most : int, optional
        None for a door that carries any body.

    Returns
    -------
    Response
        As it was, or with status 307, no body, and the URL in ``Location``.

    Raises
    ------
    RequestFailed
        ``ResponseTooLarge``, 413, where there is no place for such bodies; or for a part of an object,
        because the client would ask the copy for the same part again. ``SpillFailed``, 500, where the
        body could not be put there.
    """
    size = len(response.body)
    if most is None or size <= most:
        return response
    folder = config().spill
    if folder is None or response.status != 200:
        raise RequestFailed(
            413,
            "ResponseTooLarge",
            f"the answer has {size} bytes, and Lambda lets {most} through; ask for less at a time, or "
            "have a folder for large answers set in JITPREP_SPILL",
        )
    headers = {**response.headers, "Location": _put(folder, response)}
    return replace(response, status=307, body=b"", headers=headers)


def _put(folder: S3Prefix, response: Response) -> str:
    """Store the body under its hash, and return a URL that is good for one GET of it after another.

    It is stored each time: a copy that is there already may be about to expire.
    """
    key = folder.prefix + hashlib.sha256(response.body).hexdigest()
    place = {"Bucket": folder.bucket, "Key": key}
    kind = response.headers.get("Content-Type", "application/octet-stream")
    try:
        s3.client().put_object(**place, Body=response.body, ContentType=kind)
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
        f"the answer is too large for Lambda, and could not be put where JITPREP_SPILL says ({why}); "
        "allow the function's role s3:PutObject and s3:GetObject there, or ask for a range",
    )
