"""HTTP: Function URLs and API Gateway's HTTP APIs, whose events both have payload format 2.0.

``GET`` and ``HEAD /<alias>/<key>`` read an object, ``GET /<alias>?list-type=2`` lists a bucket, and
errors are S3's XML. The path differs: a Function URL's event has it as it was sent, an HTTP API's event
has it decoded, after the name of the stage unless that is ``$default``.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from jitprep.service.deadline import LAMBDA_CLIENT_TIMEOUT_S
from jitprep.service.errors import RequestFailed
from jitprep.service.http import client_request, s3_reads
from jitprep.service.lambda_limits import max_body_bytes
from jitprep.service.messages import Request, Response

_FUNCTION_URL_DOMAIN = ".lambda-url."
_NO_STAGE = "$default"


class HttpDoor:
    """A request over HTTP.

    Parameters
    ----------
    name : str
        For the log.
    client_timeout_s : float
        Seconds that its clients wait for an answer.
    encoded : bool
        Whether the event has the path as it was sent, percent-encoded, as a Function URL's does.
    """

    def __init__(self, name: str, client_timeout_s: float, *, encoded: bool) -> None:
        self.name = name
        self.client_timeout_s = client_timeout_s
        self._encoded = encoded

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Return whether the event has payload format 2.0 and this door's kind of domain."""
        context = event.get("requestContext")
        if event.get("version") != "2.0" or not isinstance(context, Mapping):
            return False
        of_function = _FUNCTION_URL_DOMAIN in str(context.get("domainName"))
        return isinstance(context.get("http"), Mapping) and of_function is self._encoded

    def parse(self, event: Mapping[str, Any]) -> Request:
        """Read the event.

        Raises
        ------
        RequestFailed
            ``MethodNotAllowed``, ``InvalidURI``, ``NotImplemented``, ``InvalidArgument``; what the
            functions of `client_request` raise.
        """
        method = s3_reads.read_method(event["requestContext"]["http"].get("method"))
        alias, key = self._place(event)
        query = client_request.parameters(str(event.get("rawQueryString") or ""))
        headers = client_request.headers_of(event.get("headers"))
        most = max_body_bytes()
        if key:
            return s3_reads.parse_object_request(
                method, (alias, key), headers, query, max_body_bytes=most
            )
        if method != "GET" or query.get("list-type") != "2":
            raise RequestFailed(
                501,
                "NotImplemented",
                "name an object (/<alias>/<key>), or list a bucket (GET /<alias>?list-type=2)",
            )
        return s3_reads.parse_list_request(alias, headers, query, max_body_bytes=most)

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, Any]:
        """Return the function's result."""
        headers, body = dict(response.headers), bytes(response.body)
        if response.error_code is not None:
            headers["Content-Type"] = "application/xml"
            body = s3_reads.error_document(response, str(event["requestContext"].get("requestId")))
        if response.status == 405:
            headers["Allow"] = ", ".join(s3_reads.METHODS)
        if event["requestContext"]["http"].get("method") == "HEAD":
            body = b""
        return {
            "statusCode": response.status,
            "headers": headers,
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }

    def _place(self, event: Mapping[str, Any]) -> tuple[str, str]:
        """Return the bucket's alias and the key, which may begin with a slash."""
        path = str(event.get("rawPath") or "")
        if not self._encoded:
            stage = f"/{event['requestContext'].get('stage') or _NO_STAGE}"
            if f"{path}/".startswith(f"{stage}/"):
                path = path.removeprefix(stage)
        alias, _, key = path.removeprefix("/").partition("/")
        return (
            (s3_reads.decoded_path(alias), s3_reads.decoded_path(key))
            if self._encoded
            else (_text(alias), _text(key))
        )


FUNCTION_URL_DOOR = HttpDoor("function-url", LAMBDA_CLIENT_TIMEOUT_S, encoded=True)
HTTP_API_DOOR = HttpDoor("http-api", 30.0, encoded=False)


def _text(path: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can hold
        raise s3_reads.invalid_uri() from None
    return path
