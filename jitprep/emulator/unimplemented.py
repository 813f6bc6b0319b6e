"""The response to a request for a service or an API that the endpoint does not implement.

Each SDK reads errors in the wire format of its service's protocol. All of them get status 501, which
no SDK retries.
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from jitprep.emulator.request_ids import RequestIds
from jitprep.emulator.s3_errors import S3Error, error_response
from jitprep.emulator.s3_xml import DECLARATION, xml_elements

_CODE = "NotImplemented"
_LIKE_S3 = frozenset({"s3express", "s3-outposts"})
_XML = frozenset({"cloudfront", "route53"})


def not_implemented_response(service: str, request: Request) -> Response:
    """Return the error of a request that the endpoint does not implement.

    Parameters
    ----------
    service
        The service that the request is signed for.
    request
        The request.
    """
    ids = RequestIds.new()
    operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
    asked = operation or f"{request.method} {request.url.path}"
    message = (
        f"This endpoint does not implement {asked} of {service}. It has S3, S3 Control's access points "
        "and jobs, Lambda's Invoke and function URLs."
    )
    if service in _LIKE_S3:
        return error_response(S3Error(501, _CODE, message), ids)
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        body = b"\xa2" + b"".join(map(_cbor, ("__type", _CODE, "message", message)))
        headers = {"smithy-protocol": "rpc-v2-cbor"}
        return Response(body, 501, headers, "application/cbor")
    content_type = request.headers.get("content-type", "")
    if service in _XML or content_type.startswith("application/x-www-form-urlencoded"):
        return Response(_xml(service, message, ids), 501, media_type="text/xml")
    text = json.dumps({"__type": _CODE, "Type": "User", "message": message})
    headers = {"x-amzn-errortype": _CODE, "x-amzn-requestid": ids.request_id}
    return Response(text, 501, headers, content_type or "application/json")


def _xml(service: str, message: str, ids: RequestIds) -> bytes:
    error = f"<Error>{xml_elements({'Code': _CODE, 'Message': message})}</Error>"
    if service == "ec2":
        inner = f"<Errors>{error}</Errors>{xml_elements({'RequestID': ids.request_id})}"
        return f"{DECLARATION}<Response>{inner}</Response>".encode()
    inner = f"{error}{xml_elements({'RequestId': ids.request_id})}"
    return f"{DECLARATION}<ErrorResponse>{inner}</ErrorResponse>".encode()


def _cbor(text: str) -> bytes:
    """Return a text in CBOR: RFC 8949, section 3.1, major type 3."""
    encoded = text.encode()
    return b"\x79" + len(encoded).to_bytes(2, "big") + encoded
