"""Reads through an Object Lambda access point."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp

from emulator.access_points import AccessPoint, Transformation
from emulator.events import GetObject, get_object_event
from emulator.exchange import Exchange, Reply, Ticket
from emulator.functions import Function, Outcome, function_name
from emulator.reply_response import ReplyResponse
from emulator.s3 import Signer, object_url
from emulator.s3_errors import S3Error, error_response, unanswered
from emulator.signature import AUTH_PARAMETERS
from emulator.upstream import Upstream

# The client's headers that are part of its GetObject. The presigned URL names them as signed.
_SIGNED_HEADERS = (
    "x-amz-checksum-mode",
    "x-amz-expected-bucket-owner",
    "x-amz-request-payer",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
)
# A GET with one of these reads something about the object, not the object.
_OBJECT_SUBRESOURCES = frozenset(
    {"acl", "attributes", "legal-hold", "retention", "tagging", "torrent", "uploadId"}
)
_LIST_PARAMETERS = frozenset(
    {
        "continuation-token",
        "delimiter",
        "encoding-type",
        "fetch-owner",
        "list-type",
        "marker",
        "max-keys",
        "prefix",
        "start-after",
        "x-id",
    }
)


@dataclass(frozen=True)
class DataPlane:
    """What answers a read of an access point.

    Parameters
    ----------
    functions
        The functions that run here, by name.
    exchange
        Where functions answer.
    s3
        The S3 behind the endpoint.
    signer
        Signs the endpoint's requests to S3.
    input_urls
        Function name to the base of the ``inputS3Url`` that it can reach.
    timeout
        Seconds that a function may take.
    """

    functions: Mapping[str, Function]
    exchange: Exchange
    s3: Upstream
    signer: Signer
    input_urls: Mapping[str, str]
    timeout: float
    _running: set[asyncio.Task[Outcome]] = field(default_factory=set)

    async def read(self, point: AccessPoint, key: str, request: Request) -> ASGIApp:
        """Answer a request for ``key``, or for the bucket where it is empty."""
        if request.method not in {"GET", "HEAD"}:
            message = f"Access point {point.name} is only for reading; write to {point.bucket}."
            raise S3Error(405, "MethodNotAllowed", message)
        action = _action(request, key)
        transformation = point.configuration.transformation(action) if action else None
        if transformation is None:
            return await self._untransformed(point, key, request)
        if action != "GetObject":
            message = (
                f"This endpoint does not transform {action} yet. Take {action} out of the access "
                "point's Actions, and the bucket answers it as it is."
            )
            raise S3Error(501, "NotImplemented", message)
        _check_features(point, request)
        return await self._get_object(GetObject(point, key, request), transformation)

    async def _untransformed(self, point: AccessPoint, key: str, request: Request) -> ASGIApp:
        """Return the bucket's own answer, as AWS does for an action that is not listed."""
        pairs = parse_qsl(request.url.query, keep_blank_values=True)
        query = {name: value for name, value in pairs if name.lower() not in AUTH_PARAMETERS}
        headers = {
            name: value
            for name, value in request.headers.items()
            if name in _SIGNED_HEADERS or name == "range" or name.startswith("if-")
        }
        url = object_url(self.s3.url, point.bucket, key)
        presigned = self.signer.presign(request.method, url, query, headers)
        return await self.s3.read(request.method, presigned.removeprefix(self.s3.url), headers)

    async def _get_object(self, call: GetObject, transformation: Transformation) -> ASGIApp:
        name = function_name(transformation.function_arn) or ""
        function = self.functions.get(name)
        if function is None:
            known = ", ".join(sorted(self.functions))
            message = f"No function {transformation.function_arn} runs here; {known} does."
            raise S3Error(404, "LambdaNotFound", message)
        ticket = self.exchange.open()
        request_id = str(uuid.uuid4())
        event = get_object_event(
            call,
            transformation,
            request_id=request_id,
            input_s3_url=self._input_s3_url(call, self.input_urls[name]),
            output_token=ticket.token,
        )
        invocation = asyncio.create_task(function.invoke(event, request_id))
        self._running.add(invocation)  # it goes on when the reader has its answer
        invocation.add_done_callback(self._running.discard)
        answer = await self._meet(call.request, ticket, invocation)
        if isinstance(answer, S3Error):
            return error_response(answer, request_id)
        return ReplyResponse(answer, request_id)

    def _input_s3_url(self, call: GetObject, base: str) -> str:
        version = call.request.query_params.get("versionId")
        headers = {
            name: call.request.headers[name]
            for name in _SIGNED_HEADERS
            if name in call.request.headers
        }
        url = object_url(base, call.point.bucket, call.key)
        return self.signer.presign("GET", url, {"versionId": version} if version else {}, headers)

    async def _meet(
        self, request: Request, ticket: Ticket, invocation: asyncio.Task[Outcome]
    ) -> Reply | S3Error:
        """Wait for the function's answer, its end without one, or the reader's leaving."""
        left = asyncio.create_task(_left(request))
        waiting: set[asyncio.Future[object]] = {ticket.answer, invocation, left}  # type: ignore[arg-type]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if ticket.answer.done():
                return ticket.answer.result()
            if invocation.done():
                self.exchange.close(ticket)
                return unanswered(invocation.result())
            raise ClientDisconnect
        finally:
            left.cancel()
            if not ticket.answer.done() and not invocation.done():
                invocation.cancel()
                self.exchange.abandon(ticket, self.timeout)


async def _left(request: Request) -> None:
    """Return when the client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _action(request: Request, key: str) -> str | None:
    """Return the action whose transformation a read asks for; None for any other read."""
    names = set(request.query_params)
    if key and request.method == "HEAD":
        return "HeadObject"
    if key:
        return None if names & _OBJECT_SUBRESOURCES else "GetObject"
    if request.method == "HEAD" or any(
        name not in _LIST_PARAMETERS and name.lower() not in AUTH_PARAMETERS for name in names
    ):
        return None
    return "ListObjectsV2" if request.query_params.get("list-type") == "2" else "ListObjects"


def _check_features(point: AccessPoint, request: Request) -> None:
    """Refuse a part of an object unless the access point says that its function can give one."""
    query = {name.lower() for name in request.query_params}
    asked = {
        "GetObject-Range": "range" in request.headers or "range" in query,
        "GetObject-PartNumber": "partnumber" in query,
    }
    for feature, wanted in asked.items():
        if wanted and feature not in point.configuration.allowed_features:
            message = (
                "A header you provided implies functionality that is not implemented. "
                f"Access point {point.name} does not list {feature} in its AllowedFeatures."
            )
            raise S3Error(501, "NotImplemented", message)
