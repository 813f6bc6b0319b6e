"""Requests to a mount as the service takes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from jitprep.server.configuration.mounts import Mount
from jitprep.server.exchange import Exchange
from jitprep.service.errors import RequestFailed
from jitprep.service.http import client_request, s3_reads
from jitprep.service.messages import ListRequest, ObjectRequest
from preprocessing.frozen import frozen

_LOCATION = "location"


@frozen
class BucketQuestion:
    """A request about the mount itself, which reads nothing."""

    about: Literal["existence", "location"]


def parse_object_read(exchange: Exchange, mount: Mount, key: str) -> ObjectRequest:
    """Return the request for an object.

    Its key, which random steps draw from, is that in the source's bucket: so an access point on the
    bucket draws the same.

    Raises
    ------
    RequestFailed
        ``MethodNotAllowed``; what `s3_reads.parse_object_request` raises.
    """
    method = s3_reads.read_method(exchange.head.method)
    headers = client_request.headers_of(exchange.headers)
    query = client_request.parameters(exchange.head.query)
    request = s3_reads.parse_object_request(
        method, (mount.name, key), headers, query, configuration=mount.configuration
    )
    return replace(request, key=mount.drawn_key(key))


def parse_bucket_read(exchange: Exchange, mount: Mount) -> ListRequest | BucketQuestion:
    """Return what is asked of a mount as a bucket.

    Raises
    ------
    RequestFailed
        ``MethodNotAllowed``; what `s3_reads.parse_list_request` raises.
    """
    method = s3_reads.read_method(exchange.head.method)
    if method == "HEAD":
        return BucketQuestion("existence")
    query = client_request.parameters(exchange.head.query)
    if _LOCATION in query:
        return BucketQuestion("location")
    headers = client_request.headers_of(exchange.headers)
    return s3_reads.parse_list_request(
        mount.name, headers, query, configuration=mount.configuration
    )


def require_get(exchange: Exchange) -> None:
    """Raise RequestFailed, ``MethodNotAllowed``, for another method than GET and HEAD."""
    s3_reads.read_method(exchange.head.method)


def require_method(exchange: Exchange, *methods: str) -> None:
    """Raise RequestFailed, ``MethodNotAllowed``, for another method than these."""
    if exchange.head.method not in methods:
        allowed = ", ".join(methods)
        raise RequestFailed(
            405, "MethodNotAllowed", f"this path takes {allowed}", {"Allow": allowed}
        )
