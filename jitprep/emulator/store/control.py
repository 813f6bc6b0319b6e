"""S3 Control in moto, for S3 access points, with corrections."""

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
    """Answer one call. moto's ARNs are in us-east-1; the response's are in ``region``."""
    method, path = environ["REQUEST_METHOD"], environ["RAW_URI"].partition("?")[0]
    if environ.get("HTTP_X_AMZ_ACCOUNT_ID", moto.account) != moto.account:
        raise S3Error(403, "AccessDenied", f"The credentials belong to account {moto.account}.")
    point = _POINT.fullmatch(path)
    if point is not None:
        _require_possible(moto, method, point[1])
    found = moto.call(environ)
    if found.headers.get("content-type", "").startswith("text/html") and found.status >= 400:
        message = f"This endpoint does not implement {method} {path}."
        raise S3Error(501, "NotImplemented", message)  # flask has no route for it
    found.body = _ARN_REGION.sub(rb"\g<1>" + region.encode() + rb"\g<2>", found.body)
    return found


def _require_possible(moto: MotoBackend, method: str, name: str) -> None:
    """Raise S3Error if an access point to create exists, or one to delete does not."""
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
