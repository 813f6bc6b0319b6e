"""Decoding and validation of request bodies, before moto reads them."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.store.request import WsgiRequest

_HASH = "x-amz-content-sha256"
_CHUNKED = "STREAMING-"
_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})(?:;[^\r\n]*)?")
_STATUSES = {"Enabled", "Suspended"}


def unchunk(request: WsgiRequest) -> None:
    """Decode a body in AWS's chunks; trailers become headers.

    The format is documented on AWS's pages "Signature Calculations for the Authorization Header:
    Transferring Payload in Multiple Chunks" and "... Including trailing headers".

    Raises
    ------
    S3Error
        400 if it is truncated, or does not have the declared length; 411 if no length is declared.
    """
    if not (request.header(_HASH) or "").startswith(_CHUNKED):
        return
    said = request.header("x-amz-decoded-content-length") or ""
    if not said.isdecimal():
        message = "You must provide the Content-Length HTTP header."
        raise S3Error(411, "MissingContentLength", message)
    body, trailers = _chunks(request.read_body())
    if len(body) != int(said):
        raise _incomplete()
    headers = {name: value for name, value in trailers if name.startswith("x-amz-checksum-")}
    request.replace_body(body, {**headers, _HASH: "UNSIGNED-PAYLOAD"})


def require_document(request: WsgiRequest) -> None:
    """Raise S3Error, 400, unless the body is the XML or the policy that the request requires."""
    if "policy" in request.query:
        try:
            found = json.loads(request.read_body())
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or "Statement" not in found:
            message = "Policies must be valid JSON, and have a Statement"
            raise S3Error(400, "MalformedPolicy", message)
        return
    body = request.read_body()
    if not body and "acl" in request.query:  # a header may give the ACL instead
        return
    try:
        root = ET.fromstring(body)  # noqa: S314 - expat itself limits entity expansion
    except ET.ParseError:
        raise malformed_xml() from None
    if "versioning" in request.query and root.findtext("{*}Status") not in _STATUSES:
        raise malformed_xml()


def malformed_xml() -> S3Error:
    """Return the error of a document that is not valid."""
    message = "The XML you provided was not well-formed or did not validate against our schema"
    return S3Error(400, "MalformedXML", message)


def _chunks(text: bytes) -> tuple[bytes, list[tuple[str, str]]]:
    """Return the contents of the chunks, and the trailers."""
    found, position = bytearray(), 0
    while True:
        line, position = _line(text, position)
        match = _SIZE.fullmatch(line)
        if match is None:
            raise _incomplete()
        size = int(match[1], 16)
        if size == 0:
            break
        found += text[position : position + size]
        position += size
        if text[position : position + 2] != b"\r\n":
            raise _incomplete()
        position += 2
    trailers = []
    for line in text[position:].split(b"\n"):
        name, colon, value = line.strip().decode("latin-1").partition(":")
        if colon:
            trailers.append((name.lower(), value.strip()))
    return bytes(found), trailers


def _line(text: bytes, start: int) -> tuple[bytes, int]:
    end = text.find(b"\r\n", start)
    if end < 0:
        raise _incomplete()
    return text[start:end], end + 2


def _incomplete() -> S3Error:
    message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
    return S3Error(400, "IncompleteBody", message)
