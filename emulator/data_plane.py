"""Reads through an Object Lambda access point."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from emulator.access_points import AccessPoint, Transformation
from emulator.actions import Action, action_of, features_of
from emulator.events import Call, event
from emulator.exchange import ROUTE, Exchange, Reply, Ticket
from emulator.functions import Function, Outcome, function_name
from emulator.reply_response import ReplyResponse
from emulator.request_ids import RequestIds
from emulator.returned import returned
from emulator.s3 import Signer, object_url
from emulator.s3_errors import S3Error, error_response, unanswered
from emulator.signature import AUTH_PARAMETERS
from emulator.upstream import Upstream

# The client's headers that are part of its call. The presigned URL names them as signed.
_ALL_SIGN = ("x-amz-expected-bucket-owner", "x-amz-request-payer")
_SIGNED_HEADERS = {
    Action.GET_OBJECT: (
        *_ALL_SIGN,
        "x-amz-checksum-mode",
        "x-amz-server-side-encryption-customer-algorithm",
        "x-amz-server-side-encryption-customer-key",
        "x-amz-server-side-encryption-customer-key-md5",
    ),
    Action.HEAD_OBJECT: _ALL_SIGN,
    Action.LIST_OBJECTS: _ALL_SIGN,
    Action.LIST_OBJECTS_V2: _ALL_SIGN,
}


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
        action = action_of(request.method, key, request.query_params.multi_items())
        transformation = point.configuration.transformation(action) if action else None
        if action is None or transformation is None:
            return await self._untransformed(point, key, request)
        call = Call(action, point, key, request)
        _check_features(call)
        if action is Action.GET_OBJECT:
            return await self._written(call, transformation)
        return await self._returned(call, transformation)

    async def _untransformed(self, point: AccessPoint, key: str, request: Request) -> ASGIApp:
        """Return the bucket's own answer, as AWS does for an action that is not listed."""
        headers = {
            name: value
            for name, value in request.headers.items()
            if name in _SIGNED_HEADERS[Action.GET_OBJECT]
            or name == "range"
            or name.startswith("if-")
        }
        url = object_url(self.s3.url, point.bucket, key)
        presigned = self.signer.presign(request.method, url, _query(request), headers)
        return await self.s3.read(request.method, presigned.removeprefix(self.s3.url), headers)

    async def _written(self, call: Call, transformation: Transformation) -> ASGIApp:
        """Invoke the function, and answer with what it writes."""
        ticket = self.exchange.open()
        ids = RequestIds.new()
        invocation = self._invoke(
            call, transformation, ids, outputRoute=ROUTE, outputToken=ticket.token
        )
        answer = await self._meet(call.request, ticket, invocation)
        if isinstance(answer, S3Error):
            return error_response(answer, ids)
        return ReplyResponse(answer, ids)

    async def _returned(self, call: Call, transformation: Transformation) -> ASGIApp:
        """Invoke the function, and answer with what it returns."""
        ids = RequestIds.new()
        invocation = self._invoke(call, transformation, ids)
        try:
            await _first(call.request, invocation)
        finally:
            invocation.cancel()
        try:
            answer = returned(call.action, invocation.result())
        except S3Error as error:
            return error_response(error, ids)
        return Response(answer.body, answer.status, {**answer.headers, **ids.headers})

    def _invoke(
        self, call: Call, transformation: Transformation, ids: RequestIds, **output: str
    ) -> asyncio.Task[Outcome]:
        name = function_name(transformation.function_arn) or ""
        function = self.functions.get(name)
        if function is None:
            known = ", ".join(sorted(self.functions))
            message = f"No function {transformation.function_arn} runs here; {known} does."
            raise S3Error(404, "LambdaNotFound", message)
        context = {"inputS3Url": self._input_s3_url(call, self.input_urls[name]), **output}
        payload = event(call, transformation, ids.request_id, context)
        invocation = asyncio.create_task(function.invoke(payload, str(uuid.uuid4())))
        self._running.add(invocation)  # it goes on when the reader has its answer
        invocation.add_done_callback(self._running.discard)
        return invocation

    def _input_s3_url(self, call: Call, base: str) -> str:
        """Return the URL at which the function finds what the client asked for, untransformed."""
        query = _query(call.request)
        if call.key:
            query = [(name, value) for name, value in query if name == "versionId"]
        headers = {
            name: call.request.headers[name]
            for name in _SIGNED_HEADERS[call.action]
            if name in call.request.headers
        }
        url = object_url(base, call.point.bucket, call.key)
        return self.signer.presign(call.request.method, url, query, headers)

    async def _meet(
        self, request: Request, ticket: Ticket, invocation: asyncio.Task[Outcome]
    ) -> Reply | S3Error:
        """Wait for the function's answer, its end without one, or the reader's leaving."""
        try:
            await _first(request, ticket.answer, invocation)
            if ticket.answer.done():
                return ticket.answer.result()
            self.exchange.close(ticket)
            return unanswered(invocation.result())
        finally:
            if not ticket.answer.done() and not invocation.done():
                invocation.cancel()
                self.exchange.abandon(ticket, self.timeout)


async def _first(request: Request, *waiting: asyncio.Future[Any]) -> None:
    """Return when one of ``waiting`` is done; raise when the client leaves before."""
    left = asyncio.create_task(_left(request))
    try:
        done, _ = await asyncio.wait({*waiting, left}, return_when=asyncio.FIRST_COMPLETED)
        if done == {left}:
            raise ClientDisconnect
    finally:
        left.cancel()


async def _left(request: Request) -> None:
    """Return when the client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _query(request: Request) -> list[tuple[str, str]]:
    """Return the parameters of a request's query without those of its signature."""
    pairs = request.query_params.multi_items()
    return [(name, value) for name, value in pairs if name.lower() not in AUTH_PARAMETERS]


def _check_features(call: Call) -> None:
    """Refuse a part of an object unless the access point says that its function can give one."""
    request, allowed = call.request, call.point.configuration.allowed_features
    for feature in features_of(call.action, request.headers.keys(), request.query_params.keys()):
        if feature not in allowed:
            message = (
                "A header you provided implies functionality that is not implemented. "
                f"Access point {call.point.name} does not list {feature} in its AllowedFeatures."
            )
            raise S3Error(501, "NotImplemented", message)
