"""The typed values between the parts: what is asked, and what is answered."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from jitprep.service.errors import RequestFailed
from jitprep.service.http.conditions import Conditions
from jitprep.service.http.ranges import Part
from jitprep.service.s3_names import S3Prefix


@dataclass(frozen=True, slots=True)
class Presigned:
    """Where the original is read. All of it is secret: never logged.

    Parameters
    ----------
    url : str
        Presigned.
    headers : mapping of str to str
        The headers that the URL's signature covers, to be sent with it.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class PipelineChoice:
    """Which pipeline runs, and what it draws from.

    Parameters
    ----------
    configuration : str
        The access point's payload.
    preset : str, optional
        The preset that the client asks for instead.
    seed : int
        What the client wants random transforms to draw from.
    """

    configuration: str = ""
    preset: str | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ObjectRequest:
    """One object to be read and transformed, or only told of.

    Parameters
    ----------
    method : {"GET", "HEAD"}
    key : str
        The object's key.
    source : Presigned
        Of the original; for HEAD it may be good for a HEAD only.
    choice : PipelineChoice
    conditions : Conditions
        The client's, on the derived object.
    part : Part, optional
        What of the derived object is asked for; None for all of it.
    checksum : bool
        Whether the client wants a checksum to verify the whole body with.
    max_body_bytes : int, optional
        How many bytes of body the door can carry; None for any number.
    """

    method: Literal["GET", "HEAD"]
    key: str
    source: Presigned
    choice: PipelineChoice = PipelineChoice()
    conditions: Conditions = field(default_factory=Conditions)
    part: Part | None = None
    checksum: bool = False
    max_body_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ListRequest:
    """A listing whose sizes and ETags shall be those of the derived objects.

    Parameters
    ----------
    source : Presigned
        Of the bucket's own listing.
    choice : PipelineChoice
    max_body_bytes : int, optional
        How many bytes of body the door can carry; None for any number.
    """

    source: Presigned
    choice: PipelineChoice = PipelineChoice()
    max_body_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """Many objects to be read and transformed, each into a row of one tensor.

    Parameters
    ----------
    objects : tuple of ObjectRequest
        Each a whole object, under this choice and no conditions.
    choice : PipelineChoice
    max_body_bytes : int, optional
        How many bytes of body the door can carry; None for any number.
    """

    objects: tuple[ObjectRequest, ...]
    choice: PipelineChoice = PipelineChoice()
    max_body_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class StoreTask:
    """One object whose transformed copy shall be stored.

    Parameters
    ----------
    bucket : str
        Of the original, by S3's name or the operator's.
    key : str
        The original's, and the copy's below its folder.
    version : str, optional
        The original's version ID.
    """

    bucket: str
    key: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """Objects whose transformed copies shall be stored.

    Parameters
    ----------
    tasks : tuple of StoreTask
    output : S3Prefix
        Where the copies go.
    choice : PipelineChoice
    """

    tasks: tuple[StoreTask, ...]
    output: S3Prefix
    choice: PipelineChoice = PipelineChoice()

    @property
    def key(self) -> str:
        """The first task's key. AWS sends one task at a time."""
        return self.tasks[0].key


Request = ObjectRequest | ListRequest | BatchRequest | StoreRequest


@dataclass(frozen=True, slots=True)
class Response:
    """The answer, in S3's terms.

    Parameters
    ----------
    status : int
        HTTP status.
    body : bytes or bytearray
    headers : mapping of str to str
        By S3's header names; ``Content-Length`` only where it is not the body's.
    error_code, error_message : str, optional
        S3's error code and a sentence that says what to do.
    each : tuple of Response
        What came of each task of a `StoreRequest`, in their order; the body says what was done.
    """

    status: int
    body: bytes | bytearray = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    error_code: str | None = None
    error_message: str | None = None
    each: tuple[Response, ...] = ()

    @classmethod
    def refusal(cls, failure: RequestFailed) -> Response:
        """Return the answer that tells of a failure; S3's "not modified" carries no error."""
        if failure.status == 304:
            return cls(304)
        return cls(failure.status, b"", failure.headers, failure.code, failure.message)


@dataclass(frozen=True, slots=True)
class Row:
    """Where a row of a batch comes from.

    Parameters
    ----------
    key : str
    etag : str
        Of what a single read of it gives, in quotes.
    """

    key: str
    etag: str


@dataclass(frozen=True, slots=True)
class Unread:
    """An object of a batch that gave no row, and why."""

    key: str
    failure: RequestFailed


@dataclass(frozen=True, slots=True)
class BatchResponse(Response):
    """The answer to a `BatchRequest`: what could be read, stacked, and what could not.

    Parameters
    ----------
    rows : tuple of Row
        Of the tensor in the body, in order; without any there is no body.
    unread : tuple of Unread
        In the order asked.
    """

    rows: tuple[Row, ...] = ()
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class Unexpected:
    """An error that nothing here foresaw, without its message, which may quote a secret.

    Parameters
    ----------
    name : str
        The error's class.
    traceback : tuple of str
        ``file:line function`` of each frame, outermost first.
    """

    name: str
    traceback: tuple[str, ...]

    @classmethod
    def of(cls, error: BaseException) -> Unexpected:
        """Describe an error; its frames, and what they hold, are let go."""
        frames = traceback.extract_tb(error.__traceback__)
        where = tuple(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        return cls(type(error).__name__, where)


@dataclass(slots=True)
class RequestMetrics:
    """What the log tells of a request besides its answer; filled as the request goes.

    Of a batch, the milliseconds of "fetch" and "transform" are sums over its objects, many of which are
    under way at once.
    """

    request_id: str = ""
    pipeline: str | None = None
    bytes_in: int = 0
    rows: int | None = None
    failed: int | None = None
    ms: dict[str, float] = field(default_factory=dict)
    unexpected: list[Unexpected] = field(default_factory=list)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Note how long the block takes, in milliseconds."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.ms[stage] = round((time.perf_counter() - start) * 1000, 3)
