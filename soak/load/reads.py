"""Requests to the endpoint, and the judgement of its answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

# The connection ended before the answer did.
BROKEN = "(broken off)"


class Verdict(StrEnum):
    """The judgement of an answer."""

    RIGHT = "right"  # exactly as expected, which may be an error
    REFUSED = "refused"  # another error, with a code
    UNNOTICED = "unnoticed"  # other bytes, made of a forged original that nothing could tell
    WRONG = "wrong"  # anything else
    HUNG = "hung"  # no answer within the patience of a client


@dataclass(frozen=True)
class Wanted:
    """The expected answer: an object, or the code of an error.

    Parameters
    ----------
    code
        The code of the error; None for an object.
    sha256
        The SHA-256 of the bytes; None if they are not compared.
    length, etag
        The expected length and ETag; None if they are not compared.
    """

    code: str | None = None
    sha256: str | None = None
    length: int | None = None
    etag: str | None = None


@dataclass(frozen=True)
class Read:
    """One request.

    Parameters
    ----------
    kind
        The kind of request, for the table.
    operation
        The method of boto3's S3 client.
    parameters
        Its arguments.
    wanted
        The expected answer.
    """

    kind: str
    operation: str
    parameters: Mapping[str, Any]
    wanted: Wanted = field(default_factory=Wanted)


@dataclass(frozen=True)
class Outcome:
    """The judged answer.

    Parameters
    ----------
    kind
        The kind of the request.
    verdict
        The judgement.
    code
        The code of the error, if one came.
    seconds
        The duration of the request.
    detail
        A description of what is wrong.
    tries
        How often the request was sent.
    """

    kind: str
    verdict: Verdict
    code: str | None = None
    seconds: float = 0.0
    detail: str = ""
    tries: int = 1


def digest(body: bytes | bytearray) -> str:
    """Return the SHA-256 of a body in hexadecimal digits."""
    return hashlib.sha256(body).hexdigest()


def perform(s3: Any, read: Read) -> Outcome:
    """Send one request and judge the answer."""
    try:
        answer = getattr(s3, read.operation)(**read.parameters)
        body = answer["Body"].read() if "Body" in answer else listing(answer)
    except ClientError as error:
        return _refused(read, str(error.response["Error"]["Code"]), str(error))
    except FlexibleChecksumError as error:
        return Outcome(read.kind, Verdict.WRONG, detail=str(error))
    except (ReadTimeoutError, TimeoutError) as error:
        return Outcome(read.kind, Verdict.HUNG, detail=type(error).__name__)
    except (HTTPClientError, IncompleteReadError, ResponseStreamingError) as error:
        return _refused(read, BROKEN, type(error).__name__)
    except BotoCoreError as error:  # boto3 cannot parse the answer
        return Outcome(read.kind, Verdict.WRONG, detail=repr(error)[:300])
    return _compared(read, answer, body)


def listing(answer: Mapping[str, Any]) -> bytes:
    """Return the entries of a listing as bytes; empty for any other answer."""
    entries = answer.get("Contents", ())
    lines = [f"{entry['Key']} {entry['ETag']} {entry['Size']}\n" for entry in entries]
    return "".join(sorted(lines)).encode()


def _refused(read: Read, code: str, detail: str) -> Outcome:
    if code == read.wanted.code:
        return Outcome(read.kind, Verdict.RIGHT, code)
    return Outcome(read.kind, Verdict.REFUSED, code, detail=detail[:300])


def _compared(read: Read, answer: Mapping[str, Any], body: bytes) -> Outcome:
    wanted = read.wanted
    found = {
        "code": (wanted.code, None),
        "SHA-256": (wanted.sha256, digest(body)),
        "length": (wanted.length, answer.get("ContentLength")),
        "ETag": (wanted.etag, answer.get("ETag")),
    }
    wrong = [
        f"{name} is {got}, not {want}"
        for name, (want, got) in found.items()
        if want is not None and want != got
    ]
    if not wrong:
        return Outcome(read.kind, Verdict.RIGHT)
    detail = f"{read.operation} of {read.parameters}: {'; '.join(wrong)}"
    return Outcome(read.kind, Verdict.WRONG, detail=detail)
