"""Routes a request to a part of the endpoint, by its method, host, path and signed service.

The ``services`` of a route are those that AWS accepts in the signature of such a request.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import unquote

from jitprep.emulator.control import s3_control
from jitprep.emulator.control.access_points import ALIAS_ENDING, AccessPoint, AccessPoints
from jitprep.emulator.data_plane import write_get_object_response
from jitprep.emulator.data_plane.s3_client import S3_ALIAS_ENDING
from jitprep.emulator.jobs import control as jobs_control
from jitprep.sigv4.signature import credential

_INVOKE = re.compile(
    r"/2015-03-31/functions/([^/]+)/invocations"
    r"|/2021-11-15/functions/([^/]+)/response-streaming-invocations"
)
_FUNCTIONS = "/2015-03-31/functions/"
_CONTROL = "/v20180820/"
FUNCTION_URL = "/_lambda-url/"  # not a valid name of a bucket
_FUNCTION_HOST = re.compile(r"(?P<name>[a-z0-9_-]+)\.lambda-url\.[a-z]{2}(?:-[a-z]+)+-\d\..+")
# A bucket before a host's name: one of S3's, or one of this machine's.
_BUCKET_HOST = re.compile(
    r"(?!s3\.)(?P<name>.+?)\.(?:s3[.-].+|localhost|\d+\.\d+\.\d+\.\d+(?:\..+)?)"
)
# SDKs put an access point, as name-account, before the host that they are configured with.
_POINT_HOST = re.compile(r"(?P<name>[a-z0-9-]+-\d{12})\..+")
_S3 = "s3"
_OBJECT_LAMBDA = "s3-object-lambda"


@dataclass(frozen=True)
class ToAccessPoint:
    """A request through an Object Lambda access point, for ``key`` or for its whole bucket."""

    services: ClassVar = (_S3, _OBJECT_LAMBDA)

    point: AccessPoint
    key: str


@dataclass(frozen=True)
class ToMissingAccessPoint:
    """A request for an access point that does not exist."""

    services: ClassVar = (_S3, _OBJECT_LAMBDA)

    label: str


@dataclass(frozen=True)
class ToFunction:
    """Lambda's Invoke, or InvokeWithResponseStream."""

    services: ClassVar = ("lambda",)

    name: str
    stream: bool = False


@dataclass(frozen=True)
class ToFunctionUrl:
    """A request for ``path`` at the URL of a function.

    ``domain`` is the host that names the function; empty if the path names it.
    """

    services: ClassVar = ("lambda",)

    name: str
    path: str
    domain: str


@dataclass(frozen=True)
class ToWriteGetObjectResponse:
    """WriteGetObjectResponse."""

    services: ClassVar = (_OBJECT_LAMBDA,)


@dataclass(frozen=True)
class ToObjectLambdaControl:
    """S3 Control's calls for Object Lambda access points."""

    services: ClassVar = (_S3,)


@dataclass(frozen=True)
class ToJobs:
    """S3 Control's calls for jobs of S3 Batch Operations."""

    services: ClassVar = (_S3,)


@dataclass(frozen=True)
class ToS3Control:
    """All other calls of S3 Control."""

    services: ClassVar = (_S3,)


@dataclass(frozen=True)
class ToS3:
    """S3 itself."""

    services: ClassVar = (_S3,)


@dataclass(frozen=True)
class ToBucket:
    """A request for ``key``, or for the whole bucket, whose bucket is not the path's first segment.

    ``name`` is the bucket's, or that of an S3 access point on it: its alias, or ``name-account``.
    """

    services: ClassVar = (_S3,)

    name: str
    key: str


@dataclass(frozen=True)
class ToUnimplemented:
    """A request for another service, or for an API of Lambda's that is not implemented."""

    services: ClassVar = ()

    service: str


Route = (
    ToAccessPoint
    | ToMissingAccessPoint
    | ToFunction
    | ToFunctionUrl
    | ToWriteGetObjectResponse
    | ToObjectLambdaControl
    | ToJobs
    | ToS3Control
    | ToBucket
    | ToS3
    | ToUnimplemented
)


@dataclass(frozen=True)
class _Address:
    """What routing knows of a request; the host is in lower case and has no port."""

    method: str
    host: str
    path: str
    service: str
    points: AccessPoints

    @property
    def label(self) -> str:
        """The first label of the host."""
        return self.host.partition(".")[0]

    @property
    def target(self) -> str:
        """The path without its leading slash: a key, where the host names the bucket."""
        return self.path.removeprefix("/")

    @property
    def bucket(self) -> str:
        """The first segment of the path: a bucket, where the host names none."""
        return self.target.partition("/")[0]

    @property
    def key(self) -> str:
        """The rest of the path: a key, where the path names the bucket."""
        return unquote(self.target.partition("/")[2])

    @property
    def object_lambda(self) -> bool:
        """Whether the signature or the host names Object Lambda."""
        domain = self.host.partition(".")[2]
        return self.service == _OBJECT_LAMBDA or domain.startswith(f"{_OBJECT_LAMBDA}.")


def _function_url_by_host(address: _Address) -> Route | None:
    found = _FUNCTION_HOST.fullmatch(address.host)
    return found and ToFunctionUrl(found["name"], address.path or "/", address.host)


def _function_url_by_path(address: _Address) -> Route | None:
    if not address.path.startswith(FUNCTION_URL):
        return None
    name, _, rest = address.path.removeprefix(FUNCTION_URL).partition("/")
    return ToFunctionUrl(unquote(name), f"/{rest}", "")


def _write_get_object_response(address: _Address) -> Route | None:
    matches = (address.method, address.path) == ("POST", write_get_object_response.WRITE_PATH)
    return ToWriteGetObjectResponse() if matches else None


def _s3_control(address: _Address) -> Route | None:
    if address.path.startswith(s3_control.CONTROL_PATH):
        return ToObjectLambdaControl()
    if address.path.startswith(jobs_control.JOBS_PATH):
        return ToJobs()
    return ToS3Control() if address.path.startswith(_CONTROL) else None


def _invoke(address: _Address) -> Route | None:
    found = _INVOKE.fullmatch(address.path) if address.method == "POST" else None
    return found and ToFunction(unquote(found[1] or found[2]), stream=bool(found[2]))


def _other_service(address: _Address) -> Route | None:
    if address.service not in {_S3, _OBJECT_LAMBDA, ""}:
        return ToUnimplemented(address.service)
    unsigned_lambda = not address.service and address.path.startswith(_FUNCTIONS)
    return ToUnimplemented("lambda") if unsigned_lambda else None


def _access_point_by_host(address: _Address) -> Route | None:
    point = address.points.by_alias(address.label)
    # An S3 access point may have the same name; SDKs sign for the kind that they mean.
    if point is None and (address.object_lambda or address.service != _S3):
        point = address.points.by_host_label(address.label)
    return None if point is None else ToAccessPoint(point, unquote(address.target))


def _access_point_by_path(address: _Address) -> Route | None:
    point = address.points.by_alias(address.bucket)
    return None if point is None else ToAccessPoint(point, address.key)


def _missing_access_point(address: _Address) -> Route | None:
    if address.bucket.endswith(ALIAS_ENDING):
        return ToMissingAccessPoint(address.bucket)
    if address.label.endswith(ALIAS_ENDING) or address.object_lambda:
        return ToMissingAccessPoint(address.label)
    return None


def _bucket_by_host(address: _Address) -> Route | None:
    found = _BUCKET_HOST.fullmatch(address.host) or _POINT_HOST.fullmatch(address.host)
    return found and ToBucket(found["name"], unquote(address.target))


def _s3_alias_by_path(address: _Address) -> Route | None:
    matches = address.bucket.endswith(S3_ALIAS_ENDING)
    return ToBucket(address.bucket, address.key) if matches else None


def _s3(_address: _Address) -> Route:
    return ToS3()


# In order: the first that matches decides.
_MATCHERS: tuple[Callable[[_Address], Route | None], ...] = (
    _function_url_by_host,  # first, because every path of that host is the function's
    _function_url_by_path,
    _write_get_object_response,  # before the host: SDKs put the route and the account there
    _s3_control,
    _invoke,
    _other_service,
    _access_point_by_host,
    _access_point_by_path,
    _missing_access_point,
    _bucket_by_host,
    _s3_alias_by_path,
    _s3,
)


def route(method: str, host: str, path: str, service: str, points: AccessPoints) -> Route:
    """Return the part of the endpoint that answers a request.

    Parameters
    ----------
    method, host, path
        The request's method, Host header and path as it was sent, percent-encoded.
    service
        The service that the request is signed for; an empty string if it is not signed.
    points
        The access points that exist.
    """
    address = _Address(method, re.sub(r":\d+$", "", host).lower(), path, service, points)
    return next(found for match in _MATCHERS if (found := match(address)) is not None)


def signed_service(authorization: str, parameter: str) -> str:
    """Return the service in a SigV4 scope, from the header or from a presigned URL's parameter."""
    scope = credential(authorization, parameter).split("/")
    return scope[3] if len(scope) == 5 else ""
