"""Requests through an Object Lambda access point: a function answers them, or S3 itself."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from jitprep.emulator.control.access_points import AccessPoint
from jitprep.emulator.data_plane.actions import (
    Action,
    action_of,
    features_of,
    is_allowed_through_access_points,
)
from jitprep.emulator.data_plane.events import AccessPointCall, object_lambda_event
from jitprep.emulator.data_plane.function_result import client_answer
from jitprep.emulator.data_plane.pending_responses import (
    ROUTE,
    PendingResponse,
    PendingResponses,
    Reply,
)
from jitprep.emulator.data_plane.reply_response import ReplyResponse
from jitprep.emulator.data_plane.s3_client import Signer, SupportingAccessPoints, object_url
from jitprep.emulator.data_plane.upstream import Upstream
from jitprep.emulator.request_ids import RequestIds
from jitprep.emulator.s3_errors import S3Error, error_response, no_response_error
from jitprep.emulator.workers.buffered import invoke_buffered
from jitprep.emulator.workers.function import Function, InvocationOutcome, function_name
from jitprep.sigv4.signature import AUTH_PARAMETERS

_log = logging.getLogger(__name__)
COPY_SOURCE = "x-amz-copy-source"
_CUSTOMER_KEY = "x-amz-server-side-encryption-customer-"
# Headers of the client's that the presigned URL signs, so the function must send them.
_ALL_SIGN = ("x-amz-expected-bucket-owner", "x-amz-request-payer")
_SIGNED_HEADERS = {
    Action.GET_OBJECT: (*_ALL_SIGN, "x-amz-checksum-mode"),
    Action.HEAD_OBJECT: _ALL_SIGN,
    Action.LIST_OBJECTS: _ALL_SIGN,
    Action.LIST_OBJECTS_V2: _ALL_SIGN,
}


@dataclass(frozen=True)
class DataPlane:
    """Answers requests through access points.

    Parameters
    ----------
    functions
        The functions by name.
    pending_responses
        The responses that functions write.
    s3
        The S3 behind the endpoint.
    signer
        Signs the endpoint's requests to S3.
    supporting
        The S3 access points.
    input_urls
        Function name to the base of its ``inputS3Url``.
    timeout
        Seconds that a function may take to answer.
    """

    functions: Mapping[str, Function]
    pending_responses: PendingResponses
    s3: Upstream
    signer: Signer
    supporting: SupportingAccessPoints
    input_urls: Mapping[str, str]
    timeout: float
    _running: set[asyncio.Task[InvocationOutcome]] = field(default_factory=set)

    async def read(self, point: AccessPoint, key: str, request: Request) -> ASGIApp:
        """Answer a request for ``key``, or for the bucket if it is empty."""
        query = request.query_params.multi_items()
        if not is_allowed_through_access_points(request.method, key, query):
            raise _not_allowed(request.method, key)
        action = action_of(request.method, key, query)
        transformation = point.configuration.transformation(action) if action else None
        if action is None or transformation is None:
            return await self.forward(point.bucket, key, request)
        call = AccessPointCall(action, point, transformation, key, request)
        _require_features(call)
        _require_no_customer_key(call)
        name = self._function_name(transformation.function_arn)
        if action is Action.GET_OBJECT:
            return await self._answer_written(call, name)
        return await self._answer_returned(call, name)

    async def forward(self, bucket: str, key: str, request: Request) -> ASGIApp:
        """Forward a request to the bucket, as AWS does if no function is configured for the action.

        The request is signed again, because the client signed it for another address.
        """
        headers = {name: v for name, v in request.headers.items() if not _of_signature(name, v)}
        if COPY_SOURCE in headers:
            source = await self.supporting.copy_source(headers[COPY_SOURCE])
            headers[COPY_SOURCE] = headers[COPY_SOURCE] if source is None else source
        signed = {name: value for name, value in headers.items() if name.startswith("x-amz-")}
        url = object_url(self.s3.url, bucket, key)
        presigned = self.signer.presign(request.method, url, _query(request), signed)
        target = presigned.removeprefix(self.s3.url).encode()
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        return await self.s3.forward_as(request, target, raw, RequestIds.new().headers)

    def _function_name(self, arn: str) -> str:
        name = function_name(arn)
        if name is None or name not in self.functions:
            known = ", ".join(sorted(self.functions))
            raise S3Error(
                404, "LambdaNotFound", f"Function not found: {arn}. This endpoint runs: {known}."
            )
        return name

    async def _answer_written(self, call: AccessPointCall, name: str) -> ASGIApp:
        """Invoke the function and return the response that it writes."""
        pending, ids = self.pending_responses.open(), RequestIds.new()
        invocation = self._invoke(call, name, ids, outputRoute=ROUTE, outputToken=pending.token)
        answer = await self._wait_for_response(call.request, pending, invocation)
        if isinstance(answer, S3Error):
            return error_response(answer, ids)
        return ReplyResponse(answer, ids, self.timeout)

    async def _answer_returned(self, call: AccessPointCall, name: str) -> ASGIApp:
        """Invoke the function and return the response that its result describes."""
        ids = RequestIds.new()
        invocation = self._invoke(call, name, ids)
        try:
            await _first(call.request, invocation)
        finally:
            invocation.cancel()
        try:
            answer = client_answer(call.action, invocation.result())
        except S3Error as error:
            # A response to HEAD cannot carry the reason.
            _log.warning("%s of %s: %s: %s", call.action, call.key, error.code, error.message)
            return error_response(error, ids)
        return Response(answer.body, answer.status, {**answer.headers, **ids.headers})

    def _invoke(
        self, call: AccessPointCall, name: str, ids: RequestIds, **output: str
    ) -> asyncio.Task[InvocationOutcome]:
        context = {"inputS3Url": self._input_s3_url(call, self.input_urls[name]), **output}
        payload = object_lambda_event(call, ids.request_id, context)
        invocation = asyncio.create_task(
            invoke_buffered(self.functions[name], payload, str(uuid.uuid4()))
        )
        self._running.add(invocation)  # it may outlast the request
        invocation.add_done_callback(self._running.discard)
        return invocation

    def _input_s3_url(self, call: AccessPointCall, base: str) -> str:
        """Return the presigned URL of the original object or listing."""
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

    async def _wait_for_response(
        self,
        request: Request,
        pending: PendingResponse,
        invocation: asyncio.Task[InvocationOutcome],
    ) -> Reply | S3Error:
        """Wait until the function responds, ends without a response, or the client disconnects."""
        try:
            await _first(request, pending.answer, invocation)
            if pending.answer.done():
                return pending.answer.result()
            self.pending_responses.close(pending)
            return no_response_error(invocation.result())
        finally:
            if not pending.answer.done() and not invocation.done():
                invocation.cancel()
                self.pending_responses.abandon(pending, self.timeout)


async def _first(request: Request, *waiting: asyncio.Future[Any]) -> None:
    """Return when one of ``waiting`` is done; raise ClientDisconnect if the client leaves first."""
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


def _of_signature(name: str, value: str) -> bool:
    """Return whether a header belongs to the client's signature or names its host.

    The hash of a body in chunks also declares its encoding, so it is kept.
    """
    if name == "x-amz-content-sha256":
        return not value.startswith("STREAMING-")
    return name in {"authorization", "host", "x-amz-date", "x-amz-security-token"}


def _not_allowed(method: str, key: str) -> S3Error:
    message = "The specified method is not allowed against this resource."
    details = {"Method": method, "ResourceType": "OBJECT" if key else "BUCKET"}
    return S3Error(405, "MethodNotAllowed", message, details)


def _require_no_customer_key(call: AccessPointCall) -> None:
    """Raise S3Error for a customer's key, as S3 does, so that no function can log it."""
    if any(name.startswith(_CUSTOMER_KEY) for name in call.request.headers):
        message = (
            f"{call.action} through access point {call.point.name} invokes a function, and does not "
            "accept customer-provided keys. Read the object without the access point."
        )
        raise S3Error(400, "InvalidRequest", message)


def _require_features(call: AccessPointCall) -> None:
    """Raise S3Error for a part of an object unless the access point allows that feature."""
    request, allowed = call.request, call.point.configuration.allowed_features
    for feature in features_of(call.action, request.headers.keys(), request.query_params.keys()):
        if feature not in allowed:
            message = (
                "A header you provided implies functionality that is not implemented. "
                f"Access point {call.point.name} does not list {feature} in its AllowedFeatures."
            )
            details = {"Header": feature.rpartition("-")[2]}
            raise S3Error(501, "NotImplemented", message, details)
