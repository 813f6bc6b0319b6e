"""The ASGI application: a request is let in, parsed, computed in a thread, and answered as JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from jitprep.playground.answers import GETS, POSTS, STREAMS
from jitprep.playground.asks import AskRefused
from jitprep.playground.desk import EXPIRED
from jitprep.playground.failures import failure_of
from jitprep.playground.guard import PAGE_HEADERS, Guard
from jitprep.playground.playground import Playground
from jitprep.service.errors import RequestFailed
from jitprep.service.thread_pools import granted_cpus
from preprocessing import PreprocessingError
from preprocessing.cancellation import Cancelled, Signal, cancellable, checkpoint

_PAGE = Path(__file__).parent / "page"
_MOST_JSON = 2**20
_LOOK_S = 0.05  # how often a wait looks whether its client has left
# Assets never change: their ids are new for each answer.
_KEPT = {"Cache-Control": "private, max-age=3600, immutable"}
_FRESH = {"Cache-Control": "no-store"}


class PlaygroundApp:
    """The page and its answers, below a prefix.

    Parameters
    ----------
    playground : Playground
    guard : Guard
    prefix : str
        Path of the page, such as ``/_play``.
    """

    def __init__(self, playground: Playground, guard: Guard, prefix: str) -> None:
        self._playground, self._guard, self._prefix = playground, guard, prefix
        self._pool = ThreadPoolExecutor(max(2, granted_cpus()), "play")
        self._static = StaticFiles(directory=_PAGE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request below the prefix."""
        request = Request(scope, receive)
        try:
            response = self._guard.refuse(request) or await self._respond(request)
        except ClientDisconnect:
            return
        for name, value in PAGE_HEADERS.items():
            response.headers.setdefault(name, value)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        path = request.url.path
        if not path.startswith(f"{self._prefix}/"):  # the page's own URLs are relative to it
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"{self._prefix}/{query}", 307, _FRESH)
        path = path.removeprefix(self._prefix)
        if path.startswith("/api/"):
            return await self._api(request, path.removeprefix("/api/"))
        if request.method not in {"GET", "HEAD"}:
            return _failure(405, "MethodNotAllowed", "the page is read with GET")
        name = path.strip("/") or "index.html"
        return await self._file(name, request)

    async def _file(self, name: str, request: Request) -> Response:
        from starlette.exceptions import HTTPException  # noqa: PLC0415  as StaticFiles raises it

        try:
            response = await self._static.get_response(name, request.scope)
        except HTTPException:
            return _failure(404, "NotFound", f"the page has no file {name!r}")
        response.headers["Cache-Control"] = "no-cache"
        return response

    async def _api(self, request: Request, name: str) -> Response:
        try:
            return await self._answer(request, name)
        except (ClientDisconnect, Cancelled):
            raise ClientDisconnect from None
        except Exception as error:
            return _failure(*_described(error, name))

    async def _answer(self, request: Request, name: str) -> Response:
        kind, _, rest = name.partition("/")
        if request.method == "GET" and kind == "assets":
            return self._asset(rest)
        if request.method == "POST" and kind == "uploads":
            item = await self._playground.uploads.receive(
                request.query_params.get("name", ""), request.stream(), self._playground.limits
            )
            return _json(item)
        if request.method == "GET" and name in GETS:
            asked = dict(request.query_params)
            return _json(await self._run(request, lambda: GETS[name](self._playground, asked)))
        if request.method != "POST":
            return _failure(404, "NotFound", f"the page has no {name!r}")
        table = await _body(request)
        if name in STREAMS:
            return self._stream(request, name, STREAMS[name](self._playground, table))
        if name not in POSTS:
            return _failure(404, "NotFound", f"the page has no {name!r}")
        return _json(await self._run(request, lambda: POSTS[name](self._playground, table)))

    def _asset(self, name: str) -> Response:
        asset = self._playground.desk.get(name)
        if asset is None:
            return _failure(404, "Gone", EXPIRED)
        sizes = {"X-Width": str(asset.width), "X-Height": str(asset.height)}
        # What was uploaded is shown by the page and never opened as a page of this origin.
        safe = {"Content-Disposition": "attachment", "Content-Type": asset.content_type}
        return Response(asset.body, headers={**_KEPT, **sizes, **safe})

    async def _run(self, request: Request, compute: Callable[[], Any]) -> Any:
        """Compute in a thread; cancel where the client leaves."""
        signal = Signal()

        def work() -> Any:
            try:
                with cancellable(signal):
                    checkpoint()  # it may have been given up while it waited for a thread
                    return compute()
            except BaseException:
                if signal.cancelled:
                    return None  # nobody waits for it; asyncio would log an error that is not read
                raise

        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            await _end_or_leave(running, request)
        except BaseException:
            signal.cancel()
            running.add_done_callback(_forget)
            raise
        return running.result()

    def _stream(self, request: Request, name: str, rows: Iterator[Any]) -> Response:
        """Answer with a line of JSON for each row, as it is computed."""
        done = object()

        async def lines() -> Any:
            try:
                while True:
                    row = await self._run(request, lambda: next(rows, done))
                    if row is done:
                        return
                    yield _line(row)
            except (ClientDisconnect, Cancelled):
                return
            except Exception as error:
                _, code, message = _described(error, name)
                yield _line({"error": {"code": code, "message": message}})
            finally:
                with suppress(ValueError):  # a row is still being computed
                    rows.close()  # type: ignore[attr-defined]

        return StreamingResponse(lines(), media_type="application/x-ndjson", headers=_FRESH)


async def _end_or_leave(running: asyncio.Future[Any], request: Request) -> None:
    """Wait for the end of work. Raises ClientDisconnect."""
    while not running.done():
        await asyncio.wait({running}, timeout=_LOOK_S)
        if not running.done() and await request.is_disconnected():
            raise ClientDisconnect


def _forget(running: asyncio.Future[Any]) -> None:
    """Retrieve the exception of work that was given up, which nobody waits for."""
    if not running.cancelled():
        running.exception()


async def _body(request: Request) -> Mapping[str, Any]:
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > _MOST_JSON:
            raise AskRefused(f"a request has at most {_MOST_JSON} bytes")
        pieces.append(piece)
    try:
        table = json.loads(b"".join(pieces))
    except (ValueError, RecursionError):
        raise AskRefused("a request must be JSON") from None
    if not isinstance(table, dict):
        raise AskRefused("a request must be an object")
    return table


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def _line(row: Any) -> bytes:
    return json.dumps(row, default=_plain, allow_nan=False).encode() + b"\n"


def _json(value: Any) -> Response:
    return Response(_line(value), media_type="application/json", headers=_FRESH)


def _described(error: Exception, name: str) -> tuple[int, str, str]:
    """Return the status, the code and the message of an error of an answer."""
    if isinstance(error, RequestFailed):
        return error.status, error.code, error.message
    if isinstance(error, PreprocessingError):
        return 422, type(error).__name__, str(error)
    if isinstance(error, MemoryError):
        return 507, "OutOfMemory", "out of memory; use a smaller source or pipeline"
    failure = failure_of(error, name)
    return 400 if isinstance(error, AskRefused) else 500, failure["code"], failure["message"]


def _failure(status: int, code: str, message: str) -> Response:
    body = _line({"error": {"code": code, "message": message}})
    return Response(body, status, _FRESH, "application/json")
