"""Which part of the endpoint a request is for, told from its method, host and path alone.

Each part says in ``services`` what AWS wants requests for it to be signed for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import unquote

from jitprep.emulator.control import s3_control
from jitprep.emulator.control.access_points import ALIAS_ENDING, AccessPoint, AccessPoints
from jitprep.emulator.data_plane import write_get_object_response
from jitprep.emulator.data_plane.originals import S3_ALIAS_ENDING
from jitprep.emulator.jobs import control as jobs_control
from jitprep.emulator.signing.signature import credential

_INVOKE = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations")
_FUNCTIONS = "/2015-03-31/functions/"
_CONTROL = "/v20180820/"
FUNCTION_URL = "/_lambda-url/"  # no bucket can be called that
_FUNCTION_HOST = re.compile(r"(?P<name>[a-z0-9_-]+)\.lambda-url\.[a-z]{2}(?:-[a-z]+)+-\d\..+")
# A bucket before the name of a machine: S3's own names, or those that lead back to this one.
_BUCKET_HOST = re.compile(
    r"(?!s3\.)(?P<name>.+?)\.(?:s3[.-].+|localhost|\d+\.\d+\.\d+\.\d+(?:\..+)?)"
)
# SDKs put an access point, as name-account, before whatever machine they are told to ask.
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
    """Lambda's Invoke."""

    services: ClassVar = ("lambda",)

    name: str


@dataclass(frozen=True)
class ToFunctionUrl:
    """A request for ``path`` at the URL of a function.

    ``domain`` is the host that names the function; empty where the path did.
    """

    services: ClassVar = ("lambda",)

    name: str
    path: str
    domain: str


@dataclass(frozen=True)
class ToExchange:
    """WriteGetObjectResponse."""

    services: ClassVar = (_OBJECT_LAMBDA,)


@dataclass(frozen=True)
class ToObjectLambdaControl:
    """S3 Control, about Object Lambda access points."""

    services: ClassVar = (_S3,)


@dataclass(frozen=True)
class ToJobs:
    """S3 Control, about jobs of S3 Batch Operations."""

    services: ClassVar = (_S3,)


@dataclass(frozen=True)
class ToS3Control:
    """S3 Control, about anything else."""

    services: ClassVar = (_S3,)


@dataclass(frozen=True)
class ToS3:
    """S3 itself."""

    services: ClassVar = (_S3,)


@dataclass(frozen=True)
class ToBucket:
    """A request for ``key``, or for the whole bucket, that is not addressed by its path.

    ``name`` is the bucket's, or that of an S3 access point on it: its alias, or ``name-account``.
    """

    services: ClassVar = (_S3,)

    name: str
    key: str


@dataclass(frozen=True)
class ToUnserved:
    """A request for another service, or for an API of Lambda's that is not here."""

    services: ClassVar = ()

    service: str


Route = (
    ToAccessPoint
    | ToMissingAccessPoint
    | ToFunction
    | ToFunctionUrl
    | ToExchange
    | ToObjectLambdaControl
    | ToJobs
    | ToS3Control
    | ToBucket
    | ToS3
    | ToUnserved
)


def route(method: str, host: str, path: str, service: str, points: AccessPoints) -> Route:
    """Return which part a request is for.

    Parameters
    ----------
    method, host, path
        The request's method, Host header and path as it was sent, percent-encoded.
    service
        The service that the request is signed for; an empty string if it is not signed.
    points
        The access points that exist.
    """
    host = re.sub(r":\d+$", "", host).lower()
    if (found := _FUNCTION_HOST.fullmatch(host)) is not None:  # all of its paths are the function's
        return ToFunctionUrl(found["name"], path or "/", host)
    if path.startswith(FUNCTION_URL):
        name, _, rest = path.removeprefix(FUNCTION_URL).partition("/")
        return ToFunctionUrl(unquote(name), f"/{rest}", "")
    if method == "POST" and path == write_get_object_response.WRITE_PATH:
        return ToExchange()
    if path.startswith(s3_control.CONTROL_PATH):
        return ToObjectLambdaControl()
    if path.startswith(jobs_control.JOBS_PATH):
        return ToJobs()
    if path.startswith(_CONTROL):
        return ToS3Control()
    if method == "POST" and (invoke := _INVOKE.fullmatch(path)):
        return ToFunction(unquote(invoke["name"]))
    if service not in {_S3, _OBJECT_LAMBDA, ""}:
        return ToUnserved(service)
    if not service and path.startswith(_FUNCTIONS):
        return ToUnserved("lambda")
    return _read(host, path.removeprefix("/"), service, points)


def _read(host: str, path: str, service: str, points: AccessPoints) -> Route:
    label, _, domain = host.partition(".")
    object_lambda = service == _OBJECT_LAMBDA or domain.startswith(f"{_OBJECT_LAMBDA}.")
    # Two access points of one name are told apart by what SDKs sign for: one is S3's own.
    named = object_lambda or service != _S3
    point = points.by_alias(label) or (points.by_host_label(label) if named else None)
    if point is not None:
        return ToAccessPoint(point, unquote(path))
    bucket, _, key = path.partition("/")
    if (point := points.by_alias(bucket)) is not None:
        return ToAccessPoint(point, unquote(key))
    if bucket.endswith(ALIAS_ENDING):
        return ToMissingAccessPoint(bucket)
    if label.endswith(ALIAS_ENDING) or object_lambda:
        return ToMissingAccessPoint(label)
    if (found := _BUCKET_HOST.fullmatch(host) or _POINT_HOST.fullmatch(host)) is not None:
        return ToBucket(found["name"], unquote(path))
    if bucket.endswith(S3_ALIAS_ENDING):
        return ToBucket(bucket, unquote(key))
    return ToS3()


def signed_service(authorization: str, parameter: str) -> str:
    """Return the service in a SigV4 scope, from the header or from a presigned URL's parameter."""
    scope = credential(authorization, parameter).split("/")
    return scope[3] if len(scope) == 5 else ""
