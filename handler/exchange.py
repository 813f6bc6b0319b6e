"""The typed values between the parts: what is asked, and what is answered."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

# S3 Object Lambda gives up on a function that has not answered in 60 seconds.
_PATIENCE_S = 60.0
# What is kept back for sending the answer: a fifth, for Lambda's default timeout is only 3 s.
_REPLY_S, _REPLY_SHARE = 3.0, 0.2


@dataclass(frozen=True, slots=True)
class Deadline:
    """When work must stop so that an answer can still go out.

    Parameters
    ----------
    at : float
        In seconds of `time.monotonic`.
    """

    at: float

    @classmethod
    def of(cls, remaining_ms: float) -> Deadline:
        """Deadline of an invocation that Lambda will end in `remaining_ms`."""
        budget = min(_PATIENCE_S, remaining_ms / 1000)
        return cls(time.monotonic() + budget - min(_REPLY_S, _REPLY_SHARE * budget))

    @property
    def left(self) -> float:
        """Seconds left; never below zero."""
        return max(self.at - time.monotonic(), 0.0)


@dataclass(frozen=True, slots=True)
class Request:
    """One object to be read and transformed.

    Parameters
    ----------
    key : str
        The object's key, for the log.
    source_url : str
        Presigned URL of the original. A secret: never logged.
    source_headers : mapping of str to str
        The headers that the URL's signature covers, to be sent with it.
    configuration : str
        The access point's payload: which pipeline runs.
    preset : str, optional
        The preset that the client asks for instead.
    seed : int
        What the client wants random transforms to draw from.
    if_match, if_none_match : str, optional
        The client's conditions on the derived ETag.
    """

    key: str
    source_url: str = field(repr=False)
    source_headers: Mapping[str, str] = field(repr=False)
    configuration: str = ""
    preset: str | None = None
    seed: int = 0
    if_match: str | None = None
    if_none_match: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """The answer, in S3's terms.

    Parameters
    ----------
    status : int
        HTTP status.
    body : bytes or bytearray
    content_type, etag : str, optional
        Of the derived object; the ETag in quotes.
    last_modified : datetime, optional
        Of the original.
    metadata : mapping of str to str
        Sent as ``x-amz-meta-*``.
    error_code, error_message : str, optional
        S3's error code and a sentence that says what to do.
    """

    status: int
    body: bytes | bytearray = b""
    content_type: str | None = None
    etag: str | None = None
    last_modified: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    error_code: str | None = None
    error_message: str | None = None


@dataclass(slots=True)
class Measures:
    """What the log line tells of a request besides its answer; filled as the request goes."""

    pipeline: str | None = None
    bytes_in: int = 0
    ms: dict[str, float] = field(default_factory=dict)
