"""The typed values that doors and service exchange: requests and responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal, Protocol

from jitprep.service.errors import RequestFailed
from jitprep.service.http.conditions import Conditions
from jitprep.service.http.ranges import Part
from jitprep.service.lambda_limits import BodyLimit
from jitprep.service.s3_names import S3Prefix
from jitprep.service.shards.body_stream import BodyStream
from jitprep.service.source.stored_object import StoredObject
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline


@frozen
class Presigned:
    """A source that the event brings a URL for. All of it is secret: never logged.

    Parameters
    ----------
    url : str
        Presigned, or signed by the headers.
    headers : mapping of str to str
        To be sent with it: the headers that the signature covers, or that carry it.
    endpoint : str, optional
        The URL of the only store that may be asked; None for the configured endpoint, or AWS.
    place : str, optional
        The store's name in messages, where a mount's own keys signed: a refusal is not the client's.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    endpoint: str | None = None
    place: str | None = None

    @property
    def name(self) -> str:
        """The object's URL without its signature, which also identifies what is cached of it."""
        return self.url.partition("?")[0]

    @property
    def drawn_by_etag(self) -> bool:
        """Whether random steps draw by the ETag, as for every object of S3."""
        return True


@frozen
class ObjectName:
    """An object that the function reads with its own role, where the operator allows its bucket.

    Parameters
    ----------
    bucket : str
        The operator's alias of the bucket; in S3 Batch Operations its name in S3, or the alias.
    key : str
    version : str, optional
        The version ID; None for the current version.
    owner : str, optional
        The account that must own the bucket; None for any.
    """

    bucket: str
    key: str
    version: str | None = None
    owner: str | None = None


@frozen
class ListingName:
    """A page of a bucket's listing that the function reads with its own role.

    Parameters
    ----------
    bucket : str
        The operator's alias of the bucket.
    parameters : mapping of str to str
        By S3's names, such as ``max-keys``.
    owner : str, optional
        The account that must own the bucket; None for any.
    version : {1, 2}
        Of the API: ListObjects or ListObjectsV2.
    """

    bucket: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None
    version: Literal[1, 2] = 2


# Where an original is read from.
Source = Presigned | StoredObject
# Of one object: a presigned URL is good for one method only.
SourceByMethod = Callable[[Literal["GET", "HEAD"]], Source]


class Sources(Protocol):
    """Where the objects are that requests name: a function's buckets, or a server's mount."""

    def resolve(self, name: ObjectName, method: Literal["GET", "HEAD"]) -> Source:
        """Return the source of an object. Raises RequestFailed where it may not be read."""

    def list_page(self, name: ListingName, deadline: Deadline) -> bytes:
        """Return a page of the originals' listing, as S3's XML. Raises RequestFailed."""


@frozen
class PipelineChoice:
    """Which pipeline runs, and with which seed.

    Parameters
    ----------
    configuration : str
        The access point's payload.
    preset : str, optional
        The preset that the client asks for instead.
    seed : int
        What random transforms draw from.
    overrides : frozenset of str
        What the client chose where the operator must allow it: of ``pipeline`` and ``seed``.
    """

    configuration: str = ""
    preset: str | None = None
    seed: int = 0
    overrides: frozenset[str] = frozenset()


@frozen
class ObjectRequest:
    """A request for one derived object (GET), or for its headers (HEAD).

    Parameters
    ----------
    method : {"GET", "HEAD"}
    key : str
        The object's key.
    source : Presigned, StoredObject or ObjectName
        Of the original; for HEAD a presigned URL may be good for a HEAD only.
    choice : PipelineChoice
    conditions : Conditions, optional
        The client's, on the derived object.
    part : Part, optional
        The part of the derived object; None for all of it.
    checksum : bool
        Whether the client wants a checksum to verify the whole body with.
    body_limit : BodyLimit, optional
        What the door can carry; None for anything, as a stream too.
    """

    method: Literal["GET", "HEAD"]
    key: str
    source: Source | ObjectName
    choice: PipelineChoice = PipelineChoice()
    conditions: Conditions | None = None
    part: Part | None = None
    checksum: bool = False
    body_limit: BodyLimit | None = None


@frozen
class ListRequest:
    """A request for a listing with the sizes and ETags of derived objects.

    Parameters
    ----------
    source : Presigned or ListingName
        Of the bucket's own listing.
    choice : PipelineChoice
    body_limit : BodyLimit, optional
        What the door can carry; None for anything, as a stream too.
    """

    source: Presigned | ListingName
    choice: PipelineChoice = PipelineChoice()
    body_limit: BodyLimit | None = None


@frozen
class BatchRequest:
    """A request for many derived objects, each as a row of one tensor.

    Parameters
    ----------
    objects : tuple of ObjectName
    choice : PipelineChoice
    body_limit : BodyLimit, optional
        What the door can carry; None for anything, as a stream too.
    """

    objects: tuple[ObjectName, ...]
    choice: PipelineChoice = PipelineChoice()
    body_limit: BodyLimit | None = None


@frozen
class StoreRequest:
    """A request to store transformed copies of objects.

    Parameters
    ----------
    tasks : tuple of ObjectName
        The originals. Each copy has its original's key below the output.
    output : S3Prefix, optional
        Where the copies go; None for the operator's default.
    choice : PipelineChoice
    """

    tasks: tuple[ObjectName, ...]
    output: S3Prefix | None = None
    choice: PipelineChoice = PipelineChoice()

    @property
    def key(self) -> str:
        """The first task's key. AWS sends one task at a time."""
        return self.tasks[0].key


Request = ObjectRequest | ListRequest | BatchRequest | StoreRequest


@frozen
class Response:
    """An answer, in S3's terms.

    Parameters
    ----------
    status : int
    body : bytes, bytearray or BodyStream
        A stream where it is made while it is sent; never for doors that return it whole.
    headers : mapping of str to str
        By S3's names; ``Content-Length`` only where it is not the body's.
    error_code, error_message : str, optional
        S3's error code, and a sentence on what is wrong and what to do.
    each : tuple of Response
        The answers to the tasks of a `StoreRequest`, in order; the body says what was done.
    """

    status: int
    body: bytes | bytearray | BodyStream = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    error_code: str | None = None
    error_message: str | None = None
    each: tuple[Response, ...] = ()

    @property
    def whole_body(self) -> bytes | bytearray:
        """The body, for a door that gets it whole."""
        assert not isinstance(self.body, BodyStream)
        return self.body

    @property
    def body_bytes(self) -> int:
        """Bytes of the body; of a stream, those that were taken."""
        return self.body.taken if isinstance(self.body, BodyStream) else len(self.body)

    @classmethod
    def refusal(cls, failure: RequestFailed) -> Response:
        """Return the answer that reports a failure; S3's "not modified" carries no error."""
        if failure.status == 304:
            return cls(304)
        return cls(failure.status, b"", failure.headers, failure.code, failure.message)


@frozen
class Row:
    """The object of one row of a batch: its key, and the derived ETag in quotes."""

    key: str
    etag: str


@frozen
class Unread:
    """An object of a batch that has no row, and why."""

    key: str
    failure: RequestFailed


@frozen
class BatchResponse(Response):
    """The answer to a `BatchRequest`: the rows, stacked, and the objects that failed.

    Parameters
    ----------
    rows : tuple of Row
        Of the tensor in the body, in order; where there are none, the body is empty.
    unread : tuple of Unread
        In the order of the request.
    """

    rows: tuple[Row, ...] = ()
    unread: tuple[Unread, ...] = ()
