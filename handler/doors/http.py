"""HTTP: Function URLs and API Gateway's HTTP APIs (payload format 2.0), and its REST APIs (1.0).

``GET`` and ``HEAD /<alias>/<key>`` read an object, ``GET /<alias>?list-type=2`` lists a bucket, and
errors are S3's XML. A Function URL and a REST API can stream their answers. Their events do not say
whether they do: the function's runtime client decides it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import pybase64

from handler.doors.streamed import HTTP_INTEGRATION, StreamedReply, stream_head
from jitprep.service.deadline import LAMBDA_CLIENT_TIMEOUT_S
from jitprep.service.errors import RequestFailed
from jitprep.service.http import client_request, s3_reads
from jitprep.service.lambda_limits import body_limit
from jitprep.service.messages import Request, Response
from jitprep.service.shards.body_stream import BodyStream

_FUNCTION_URL_DOMAIN = ".lambda-url."
_NO_STAGE = "$default"
# API Gateway gives up after these seconds, unless the answer is streamed.
_HTTP_API_TIMEOUT_S, _REST_API_TIMEOUT_S = 30.0, 29.0


class HttpDoor(ABC):
    """A request over HTTP.

    Parameters
    ----------
    name : str
        For the log.
    client_timeout_s : float
        Seconds that its clients wait for an answer.
    streams : bool
        Whether answers are streamed.
    """

    def __init__(self, name: str, client_timeout_s: float, *, streams: bool = False) -> None:
        self.name = name
        self.client_timeout_s = client_timeout_s
        self._streams = streams

    @abstractmethod
    def fits(self, event: Mapping[str, Any]) -> bool:
        """Return whether the event has this door's payload format."""

    @abstractmethod
    def _method(self, event: Mapping[str, Any]) -> object:
        """Return the method as the event has it."""

    @abstractmethod
    def _place(self, event: Mapping[str, Any]) -> tuple[str, str]:
        """Return the bucket's alias and the key, decoded; the key may begin with a slash."""

    @abstractmethod
    def _query(self, event: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the parameters, names in lower case."""

    def parse(self, event: Mapping[str, Any]) -> Request:
        """Read the event.

        Raises
        ------
        RequestFailed
            ``MethodNotAllowed``, ``InvalidURI``, ``NotImplemented``, ``InvalidArgument``; what the
            functions of `client_request` raise.
        """
        method = s3_reads.read_method(self._method(event))
        alias, key = self._place(event)
        query = self._query(event)
        headers = client_request.headers_of(event.get("headers"))
        limit = body_limit(streamed=self._streams)
        if key:
            return s3_reads.parse_object_request(
                method, (alias, key), headers, query, body_limit=limit
            )
        if method != "GET" or query.get("list-type") != "2":
            raise RequestFailed(
                501,
                "NotImplemented",
                "name an object (/<alias>/<key>), or list a bucket (GET /<alias>?list-type=2)",
            )
        return s3_reads.parse_list_request(alias, headers, query, body_limit=limit)

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, Any] | StreamedReply:
        """Return the function's result."""
        headers, body = dict(response.headers), response.body
        if response.error_code is not None:
            headers["Content-Type"] = "application/xml"
            body = s3_reads.error_document(response, str(event["requestContext"].get("requestId")))
        if response.status == 405:
            headers["Allow"] = ", ".join(s3_reads.METHODS)
        if self._method(event) == "HEAD":
            body = b""
        metadata = {"statusCode": response.status, "headers": headers}
        if self._streams:
            return StreamedReply(HTTP_INTEGRATION, stream_head(metadata), body)
        assert not isinstance(body, BodyStream)
        return metadata | {"body": pybase64.b64encode_as_string(body), "isBase64Encoded": True}


class _FormatTwo(HttpDoor):
    """Payload format 2.0."""

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Return whether the event has payload format 2.0 and this door's kind of domain."""
        context = event.get("requestContext")
        if event.get("version") != "2.0" or not isinstance(context, Mapping):
            return False
        of_function = _FUNCTION_URL_DOMAIN in str(context.get("domainName"))
        return isinstance(context.get("http"), Mapping) and of_function is self._of_function

    _of_function: bool

    def _method(self, event: Mapping[str, Any]) -> object:
        return event["requestContext"]["http"].get("method")

    def _query(self, event: Mapping[str, Any]) -> Mapping[str, str]:
        return client_request.parameters(str(event.get("rawQueryString") or ""))


class FunctionUrlDoor(_FormatTwo):
    """A Function URL, whose events have the path as it was sent."""

    _of_function = True

    def _place(self, event: Mapping[str, Any]) -> tuple[str, str]:
        return _decoded(str(event.get("rawPath") or ""))


class HttpApiDoor(_FormatTwo):
    """An HTTP API, whose events have the path decoded, after the stage's name unless ``$default``."""

    _of_function = False

    def _place(self, event: Mapping[str, Any]) -> tuple[str, str]:
        path = str(event.get("rawPath") or "")
        stage = f"/{event['requestContext'].get('stage') or _NO_STAGE}"
        if f"{path}/".startswith(f"{stage}/"):
            path = path.removeprefix(stage)
        alias, _, key = path.removeprefix("/").partition("/")
        return _text(alias), _text(key)


class RestApiDoor(HttpDoor):
    """A REST API, whose events have the path as it was sent, without the stage; the query is decoded."""

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Return whether the event is a REST API's, and not a load balancer's or an HTTP API's."""
        context = event.get("requestContext")
        return "httpMethod" in event and "version" not in event and _is_api(context)

    def _method(self, event: Mapping[str, Any]) -> object:
        return event["httpMethod"]

    def _place(self, event: Mapping[str, Any]) -> tuple[str, str]:
        return _decoded(str(event.get("path") or ""))

    def _query(self, event: Mapping[str, Any]) -> Mapping[str, str]:
        found = event.get("multiValueQueryStringParameters") or {}
        if not isinstance(found, Mapping) or not all(
            isinstance(values, list) and values for values in found.values()
        ):
            raise RequestFailed(400, "InvalidEvent", "the event's query must be lists of values")
        query: dict[str, str] = {}
        for name, values in found.items():
            query.setdefault(str(name).lower(), _text(str(values[0])))
        return query


FUNCTION_URL_DOOR = FunctionUrlDoor("function-url", LAMBDA_CLIENT_TIMEOUT_S)
STREAMING_FUNCTION_URL_DOOR = FunctionUrlDoor("function-url", LAMBDA_CLIENT_TIMEOUT_S, streams=True)
HTTP_API_DOOR = HttpApiDoor("http-api", _HTTP_API_TIMEOUT_S)
REST_API_DOOR = RestApiDoor("rest-api", _REST_API_TIMEOUT_S)
STREAMING_REST_API_DOOR = RestApiDoor("rest-api", LAMBDA_CLIENT_TIMEOUT_S, streams=True)


def _is_api(context: object) -> bool:
    return isinstance(context, Mapping) and "apiId" in context and "elb" not in context


def _decoded(path: str) -> tuple[str, str]:
    alias, _, key = path.removeprefix("/").partition("/")
    return s3_reads.decoded_path(alias), s3_reads.decoded_path(key)


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can hold
        raise s3_reads.invalid_uri() from None
    return text
