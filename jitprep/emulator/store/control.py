"""S3 Control as moto has it: access points on buckets, and what is wrong with a request for one."""

from __future__ import annotations

import re
from typing import Any

from moto.s3control.models import s3control_backends

from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.store.moto_backend import MotoBackend
from jitprep.emulator.store.request import WsgiResponse

_POINT = re.compile(r"/v20180820/accesspoint/([^/]+)")
_ARN_REGION = re.compile(rb"(:s3:)us-east-1(:\d{12}:accesspoint/)")


def answer_control(moto: MotoBackend, region: str, environ: dict[str, Any]) -> WsgiResponse:
    """Answer one call. The ARNs in it are of ``region``; moto's are of us-east-1."""
    method, path = environ["REQUEST_METHOD"], environ["RAW_URI"].partition("?")[0]
    if environ.get("HTTP_X_AMZ_ACCOUNT_ID", moto.account) != moto.account:
        raise S3Error(403, "AccessDenied", f"The credentials are those of {moto.account}.")
    point = _POINT.fullmatch(path)
    if point is not None:
        _require(moto, method, point[1])
    found = moto.call(environ)
    if found.headers.get("content-type", "").startswith("text/html") and found.status >= 400:
        message = f"The S3 Control inside this endpoint does not serve {method} {path}."
        raise S3Error(501, "NotImplemented", message)  # flask has no such route
    found.body = _ARN_REGION.sub(rb"\g<1>" + region.encode() + rb"\g<2>", found.body)
    return found


def _require(moto: MotoBackend, method: str, name: str) -> None:
    """Raise S3Error where an access point is made a second time, or deleted and is not there."""
    there = any(
        name in backend.access_points[moto.account]
        for backend in s3control_backends[moto.account].values()
    )
    if method == "PUT" and there:
        message = "Your previous request to create the named accesspoint succeeded and you own it."
        raise S3Error(409, "AccessPointAlreadyOwnedByYou", message, {"AccessPointName": name})
    if method == "DELETE" and not there:
        message = "The specified accesspoint does not exist"
        raise S3Error(404, "NoSuchAccessPoint", message, {"AccessPointName": name})
