"""The endpoint's ASGI application: routes each request, verifies it and returns the response."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from jitprep.emulator import routing, unimplemented
from jitprep.emulator.control import s3_control
from jitprep.emulator.control.access_points import AccessPoints
from jitprep.emulator.control.s3_control import S3Control
from jitprep.emulator.data_plane.dispatch import COPY_SOURCE, DataPlane
from jitprep.emulator.data_plane.pending_responses import PendingResponses
from jitprep.emulator.data_plane.upstream import Upstream
from jitprep.emulator.data_plane.write_get_object_response import write_get_object_response
from jitprep.emulator.function_url import dispatch as function_url
from jitprep.emulator.function_url.dispatch import FunctionUrls
from jitprep.emulator.http_protocol import head_too_large, is_too_large
from jitprep.emulator.jobs.control import JobsControl
from jitprep.emulator.request_ids import RequestIds
from jitprep.emulator.s3_errors import S3Error, error_response, signature_error
from jitprep.emulator.workers import invoke_api, runtime_api
from jitprep.emulator.workers.function import Function
from jitprep.emulator.workers.worker import Worker
from jitprep.sigv4.refusals import SignatureRefused
from jitprep.sigv4.request_head import RequestHead
from jitprep.sigv4.verification import Verifier

_log = logging.getLogger(__name__)
# The endpoint reads these bodies whole, so it can compare them with the hash that was signed.
_READ_WHOLE = (
    routing.ToFunction,
    routing.ToFunctionUrl,
    routing.ToObjectLambdaControl,
    routing.ToJobs,
    routing.ToS3Control,
)


@dataclass(frozen=True)
class App:
    """Everything that the endpoint serves, on all of its sockets.

    Parameters
    ----------
    workers
        Workers by the address of their Runtime API. Only the worker itself uses that socket.
    verifier
        Verifies signatures; None accepts every request.
    mounted
        Other applications, by the path that they answer below.
    access_points, data_plane, pending_responses, functions, function_urls, control, jobs, s3_control, s3
        The parts of the endpoint.
    """

    workers: Mapping[tuple[str, int], Worker]
    verifier: Verifier | None
    mounted: Mapping[str, ASGIApp]
    access_points: AccessPoints
    data_plane: DataPlane
    pending_responses: PendingResponses
    functions: Mapping[str, Function]
    function_urls: FunctionUrls
    control: S3Control
    jobs: JobsControl
    s3_control: Upstream
    s3: Upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; report every failure in the form that its client reads."""
        request = Request(scope, receive)
        route = self._route(request)
        mounted = self._mounted(route, request)
        if mounted is not None:
            await mounted(scope, receive, send)
            return
        try:
            _require_well_formed(route, scope)
            await self._require_signature(route, request)
            response = await self._answer(route, request)
        except ClientDisconnect:
            return
        except S3Error as error:
            response = _error_response(route, request, error)
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            failure = S3Error(500, "InternalError", "The endpoint failed. See its log.")
            response = _error_response(route, request, failure)
        await response(scope, receive, send)

    async def _require_signature(self, route: routing.Route | Worker, request: Request) -> None:
        """Raise S3Error unless the request is signed."""
        if self.verifier is None or isinstance(route, Worker | routing.ToUnimplemented):
            return
        # A browser cannot sign the OPTIONS request of a CORS preflight.
        if request.method == "OPTIONS" and not isinstance(route, routing.ToFunctionUrl):
            return
        body = await request.body() if isinstance(route, _READ_WHOLE) else None
        try:
            self.verifier.verify(RequestHead.of_asgi(request.scope), route.services, body)
        except SignatureRefused as refused:
            raise signature_error(refused) from refused

    async def _answer(self, route: routing.Route | Worker, request: Request) -> ASGIApp:
        match route:
            case Worker():
                return await runtime_api.answer_worker(route, request)
            case routing.ToAccessPoint(point, key):
                return await self.data_plane.read(point, key, request)
            case routing.ToMissingAccessPoint(label):
                message = f"The Object Lambda access point {label} does not exist. Create it first."
                raise S3Error(404, "NoSuchBucket", message, {"BucketName": label})
            case routing.ToFunction(name, stream):
                return await invoke_api.answer_invoke(self.functions, name, request, stream=stream)
            case routing.ToFunctionUrl(name, path, domain):
                return await self.function_urls.answer(name, path, domain, request)
            case routing.ToWriteGetObjectResponse():
                return await write_get_object_response(self.pending_responses, request)
            case routing.ToObjectLambdaControl():
                return await self.control.answer(request)
            case routing.ToJobs():
                return await self.jobs.answer(request)
            case routing.ToS3Control():
                return await self.s3_control.forward(request)
            case routing.ToBucket(name, key):
                bucket = await self.data_plane.supporting.bucket_named(name)
                return await self.data_plane.forward(bucket, key, request)
            case routing.ToUnimplemented(service):
                return unimplemented.not_implemented_response(service, request)
            case routing.ToS3():
                return await self._to_s3(request)

    async def _to_s3(self, request: Request) -> ASGIApp:
        """Forward a request unchanged, unless it copies from an access point."""
        source = request.headers.get(COPY_SOURCE)
        if source is None or await self.data_plane.supporting.copy_source(source) is None:
            return await self.s3.forward(request)
        bucket, _, key = raw_path(request.scope).removeprefix("/").partition("/")
        return await self.data_plane.forward(unquote(bucket), unquote(key), request)

    def _mounted(self, route: routing.Route | Worker, request: Request) -> ASGIApp | None:
        """Return the other application that answers a path; its host names no bucket."""
        if not isinstance(route, routing.ToS3):
            return None
        first, _, _ = raw_path(request.scope).removeprefix("/").partition("/")
        return self.mounted.get(f"/{first}")

    def _route(self, request: Request) -> routing.Route | Worker:
        worker = self.workers.get(tuple(request.scope["server"]))
        if worker is not None:
            return worker
        service = routing.signed_service(
            request.headers.get("authorization", ""),
            request.query_params.get("X-Amz-Credential", ""),
        )
        path = raw_path(request.scope)
        host = request.headers.get("host", "")
        return routing.route(request.method, host, path, service, self.access_points)


def raw_path(scope: Scope) -> str:
    """Return a request's path as it was sent, percent-encoded."""
    return str(scope["raw_path"].decode("latin-1"))


def _require_well_formed(route: routing.Route | Worker, scope: Scope) -> None:
    """Raise S3Error for a head that is too large, or a key that is not UTF-8."""
    if isinstance(route, Worker):  # awslambdaric sends tracebacks in headers
        return
    if is_too_large(scope):
        raise head_too_large()
    if isinstance(route, routing.ToAccessPoint | routing.ToBucket | routing.ToS3):
        try:
            unquote(raw_path(scope), errors="strict")
        except UnicodeDecodeError:
            raise S3Error(400, "InvalidURI", "Couldn't parse the specified URI.") from None
    if isinstance(route, routing.ToS3) and raw_path(scope).startswith(
        "//"
    ):  # the bucket's name is empty
        raise S3Error(400, "InvalidURI", "Couldn't parse the specified URI.")


def _error_response(route: routing.Route | Worker, request: Request, error: S3Error) -> Response:
    """Return an error in the form of the API that the client called."""
    match route:
        case routing.ToFunction():
            response = invoke_api.invoke_error_response(error)
        case routing.ToFunctionUrl():
            response = function_url.function_url_error_response(error)
        case routing.ToObjectLambdaControl() | routing.ToJobs() | routing.ToS3Control():
            response = s3_control.control_error_response(error, RequestIds.new())
        case _:
            response = error_response(error, RequestIds.new())
    if "expect" in request.headers or is_too_large(request.scope):
        # The client may not send its body now, so its next request must not be read as that body.
        response.headers["connection"] = "close"
    return response
