"""What is asked of the endpoint, and whether what comes back is what must come back."""

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

# What a client sees when the connection ends before the answer does: no answer, but not a silent one.
BROKEN = "(broken off)"


class Verdict(StrEnum):
    """What a request came to."""

    RIGHT = "right"  # exactly what it must be, which may be an error
    REFUSED = "refused"  # another error, with a code
    WRONG = "wrong"  # anything else
    HUNG = "hung"  # nothing, for longer than anybody waits


@dataclass(frozen=True)
class Wanted:
    """What must come back: an object, or the code of an error.

    Parameters
    ----------
    code
        Of the error; None for an object.
    sha256
        Of the bytes that come; None where they need not be known.
    length, etag
        What the answer must say of the object, where that is known.
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
        What sort of request it is, for the table.
    operation
        The method of boto3's S3 client.
    parameters
        Its arguments.
    wanted
        What must come back.
    """

    kind: str
    operation: str
    parameters: Mapping[str, Any]
    wanted: Wanted = field(default_factory=Wanted)


@dataclass(frozen=True)
class Outcome:
    """What came back.

    Parameters
    ----------
    kind
        That of the request.
    verdict
        How it is judged.
    code
        Of the error, where one came.
    seconds
        How long it took.
    detail
        Of what is wrong: what it was, for whoever looks for the cause.
    """

    kind: str
    verdict: Verdict
    code: str | None = None
    seconds: float = 0.0
    detail: str = ""


def digest(body: bytes | bytearray) -> str:
    """Return the SHA-256 of a body, in hexadecimal digits."""
    return hashlib.sha256(body).hexdigest()


def perform(s3: Any, read: Read) -> Outcome:
    """Send one request and judge what comes back."""
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
    except BotoCoreError as error:  # an answer that boto3 can make nothing of
        return Outcome(read.kind, Verdict.WRONG, detail=repr(error)[:300])
    return _compared(read, answer, body)


def listing(answer: Mapping[str, Any]) -> bytes:
    """Return what a listing says of each key, as bytes; nothing of any other answer."""
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
