"""Elements of S3 Control's XML that requests for jobs share."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from jitprep.emulator.control.xml import invalid_request
from jitprep.emulator.s3_errors import S3Error

_BUCKET = re.compile(r"arn:[^:]+:s3:::(?P<bucket>[^/]+)")


def require_part(element: ET.Element, name: str) -> ET.Element:
    """Return a child of an element. Raises S3Error, InvalidRequest."""
    part = element.find(name)
    if part is None:
        raise invalid_request(f"{element.tag} has no {name}.")
    return part


def parse_boolean(element: ET.Element, name: str, default: str) -> bool:
    """Return a child that is ``true`` or ``false``. Raises S3Error, MalformedXML."""
    text = element.findtext(name, default)
    if text not in {"true", "false"}:
        raise S3Error(400, "MalformedXML", f"{name} {text!r} is not a boolean.")
    return text == "true"


def bucket_of(element: ET.Element, name: str) -> str:
    """Return the bucket whose ARN a child has. Raises S3Error, InvalidRequest."""
    arn = element.findtext(name, "")
    bucket = _BUCKET.fullmatch(arn)
    if bucket is None:
        raise invalid_request(f"{element.tag}.{name} {arn!r} is not the ARN of a bucket.")
    return bucket["bucket"]


def not_supported(what: str) -> S3Error:
    """Return the error of what the endpoint does not support."""
    return S3Error(501, "NotImplemented", f"This endpoint does not support {what}.")
