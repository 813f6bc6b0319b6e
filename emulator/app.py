"""The endpoint's ASGI application: finds the part that a request is for and lets it answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator import lambda_api, routing, runtime_api
from emulator.access_points import AccessPoints
from emulator.data_plane import DataPlane
from emulator.exchange import Exchange
from emulator.functions import Function
from emulator.request_ids import RequestIds
from emulator.s3_control import S3Control
from emulator.s3_errors import S3Error, error_response
from emulator.upstream import Upstream
from emulator.worker import Worker
from emulator.write_get_object_response import write_get_object_response

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class App:
    """Everything that the endpoint serves, on all its sockets.

    Parameters
    ----------
    workers
        By the address of their Runtime API: a request to that socket can only be theirs.
    access_points, data_plane, exchange, functions, control, s3_control, s3
        The parts.
    """

    workers: Mapping[tuple[str, int], Worker]
    access_points: AccessPoints
    data_plane: DataPlane
    exchange: Exchange
    functions: Mapping[str, Function]
    control: S3Control
    s3_control: Upstream
    s3: Upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every failure becomes an S3 error."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except S3Error as error:
            response = error_response(error, RequestIds.new())
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            failure = S3Error(500, "InternalError", "The endpoint failed; its log has the cause.")
            response = error_response(failure, RequestIds.new())
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        worker = self.workers.get(tuple(request.scope["server"]))
        if worker is not None:
            return await runtime_api.answer(worker, request)
        match self._route(request):
            case routing.ToAccessPoint(point, key):
                return await self.data_plane.read(point, key, request)
            case routing.ToMissingAccessPoint(label):
                message = f"There is no Object Lambda access point {label}. Create it first."
                raise S3Error(404, "NoSuchBucket", message)
            case routing.ToFunction(name):
                return await lambda_api.invoke(self.functions, name, request)
            case routing.ToExchange():
                return await write_get_object_response(self.exchange, request)
            case routing.ToObjectLambdaControl():
                return await self.control.answer(request)
            case routing.ToS3Control():
                return await self.s3_control.pass_on(request)
            case routing.ToS3():
                return await self.s3.pass_on(request)

    def _route(self, request: Request) -> routing.Route:
        service = routing.signed_service(
            request.headers.get("authorization", ""),
            request.query_params.get("X-Amz-Credential", ""),
        )
        path = request.scope["raw_path"].decode("latin-1")
        host = request.headers.get("host", "")
        return routing.route(request.method, host, path, service, self.access_points)
