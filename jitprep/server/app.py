"""The ASGI application: a request is routed, let in, parsed, worked on and answered, in that order."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import MutableMapping
from functools import partial
from types import FrameType
from typing import Any

from jitprep.server import bucket_documents, requests, webhook_calls
from jitprep.server.access import Access
from jitprep.server.batch_stream import BatchStream, parse_batch
from jitprep.server.configuration.mounts import Mount
from jitprep.server.configuration.page import page_of
from jitprep.server.configuration.settings import ServerSettings
from jitprep.server.exchange import AsgiScope, Exchange, Receive, Send
from jitprep.server.metrics import Metrics
from jitprep.server.replies import send_response, send_stream
from jitprep.server.request_log import RequestRecord
from jitprep.server.requests import BucketQuestion
from jitprep.server.routing import (
    Destination,
    ToBuckets,
    ToCall,
    ToMount,
    ToObject,
    ToOperations,
    asks_for_page,
    find_destination,
)
from jitprep.server.work import ClientGone, Work
from jitprep.service.config import config
from jitprep.service.deadline import RenewableDeadline
from jitprep.service.dispatch import dispatch
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ListRequest, ObjectRequest, Response
from jitprep.service.shards.body_stream import BodyStream

_XML = {"Content-Type": "application/xml"}
_LARGEST_CALL = 2**20


class Server:
    """One worker's application.

    Parameters
    ----------
    settings : ServerSettings

    Raises
    ------
    ValueError
        Where a key cannot be read.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._domain = settings.domain
        self._access = Access(settings.mounts)
        self._work = Work(settings.queue, config().policy.limits.memory // 2)
        self._metrics = Metrics()
        self._draining = False
        self._page = page_of(settings)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's start and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        exchange, record, send = Exchange(scope, receive), RequestRecord(), self._last(send)
        host, path = exchange.headers.get("host", ""), exchange.head.path
        if self._page is not None and asks_for_page(host, path, self._domain):
            await self._page(scope, receive, send)
            return
        with self._metrics.under_way():
            try:
                response = await self._respond(exchange, send, record)
                if response is not None:
                    await self._reply(exchange, send, response, record)
            except (ClientGone, TimeoutError):
                record.client_left = True
            finally:
                exchange.close()
            record.end(exchange, self._metrics)

    async def _reply(
        self, exchange: Exchange, send: Send, response: Response, record: RequestRecord
    ) -> None:
        start = time.perf_counter()
        if isinstance(response.body, BodyStream):
            try:
                self._require_stream(exchange, response)
            except RequestFailed as failure:
                response.body.close()
                response = record.response = record.metrics.refusal(failure)
        if isinstance(response.body, BodyStream):
            self._work.streams += 1
            try:
                await self._stream(exchange, send, response.body, record)
            finally:
                self._work.streams -= 1
        else:
            with self._work.hold(len(response.body)):
                record.sent_bytes = await send_response(send, exchange, response)
        record.metrics.ms["reply"] = round((time.perf_counter() - start) * 1000, 3)

    def _require_stream(self, exchange: Exchange, response: Response) -> None:
        """Raise RequestFailed unless an answer that is made while it is sent can be sent now."""
        if not exchange.takes_chunks and "Content-Length" not in response.headers:
            raise RequestFailed(
                400,
                "InvalidRequest",
                "the answer is streamed, which HTTP/1.0 cannot; ask by HTTP/1.1",
            )
        self._work.require_room_for_stream()

    async def _stream(
        self, exchange: Exchange, send: Send, body: BodyStream, record: RequestRecord
    ) -> None:
        """Send a body while it is made. One that fails is not ended, so that the client notices."""
        deadline = record.deadline

        async def take() -> bytes | None:
            deadline.renew()
            return await self._work.run_when_free(partial(next, body, None), deadline, exchange)

        try:
            await send_stream(send, exchange, record.response, take)
        except (ClientGone, TimeoutError):
            raise
        except Exception as error:  # the head is sent; the log has what went wrong
            record.response = record.metrics.refusal(error)
        finally:
            body.close()
            record.sent_bytes = body.taken

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._notice(number)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._work.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _notice(self, number: signal.Signals) -> None:
        """Drain from a signal on: uvicorn reports it only once all connections have ended."""
        if threading.current_thread() is not threading.main_thread():
            return  # signals are not for us
        end = signal.getsignal(number)

        def drain(number: int, frame: FrameType | None) -> None:
            self._draining = True
            if self._page is not None:
                self._page.leave_off()
            if callable(end):
                end(number, frame)

        signal.signal(number, drain)

    def _last(self, send: Send) -> Send:
        """Return `send`, which ends the connection after an answer where the server drains.

        uvicorn ends the connections that it has at the signal. One that it accepts in that moment, when
        clients that another worker has ended come back, would last as long as its client.
        """

        async def sent(message: MutableMapping[str, Any]) -> None:
            if self._draining and message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0] != b"connection"]
                message = {**message, "headers": [*kept, (b"connection", b"close")]}
            await send(message)

        return sent

    async def _respond(
        self, exchange: Exchange, send: Send, record: RequestRecord
    ) -> Response | None:
        """Return the response; None where it is sent already, as a stream."""
        try:
            to = find_destination(
                exchange.headers.get("host", ""), exchange.head.path, self._domain
            )
            record.response = response = await self._answer(to, exchange, send, record)
        except ClientGone:
            raise
        except Exception as error:  # the client must get an answer, whatever went wrong
            record.response = response = record.metrics.refusal(error)
        return response if not record.streamed else None

    async def _answer(
        self, to: Destination, exchange: Exchange, send: Send, record: RequestRecord
    ) -> Response:
        match to:
            case ToOperations(name):
                return self._operate(name, exchange, record)
            case ToBuckets():
                record.door = "buckets"
                requests.require_get(exchange)
                names = self._access.readable(exchange.head)
                return Response(200, bucket_documents.buckets_document(names), _XML)
            case ToMount(name):
                record.door = "list"
                requests.require_get(exchange)
                mount = self._let_in(name, exchange, record)
                return await self._read_bucket(mount, exchange, record)
            case ToObject(name, key):
                record.door, record.key = "object", key
                requests.require_get(exchange)
                mount = self._let_in(name, exchange, record)
                asked = requests.parse_object_read(exchange, mount, key)
                return await self._dispatch(asked, mount, exchange, record)
            case ToCall(kind, name):
                record.door = kind
                if kind == "webhook":
                    requests.require_method(exchange, "GET", "HEAD", "POST")
                    return await self._webhook(name, exchange, record)
                requests.require_method(exchange, "POST")
                return await self._batch(name, exchange, send, record)

    def _let_in(self, name: str, exchange: Exchange, record: RequestRecord) -> Mount:
        mount = self._access.mount(name, exchange.head)
        record.mount = mount.name
        return mount

    def _operate(self, name: str, exchange: Exchange, record: RequestRecord) -> Response:
        record.quiet = True
        requests.require_get(exchange)
        if name == "metrics":
            return Response(200, *self._metrics.page())
        if name == "readyz" and self._draining:
            return Response(503, b"draining\n", {"Content-Type": "text/plain"})
        return Response(200, b"ok\n", {"Content-Type": "text/plain"})

    async def _read_bucket(
        self, mount: Mount, exchange: Exchange, record: RequestRecord
    ) -> Response:
        asked = requests.parse_bucket_read(exchange, mount)
        if isinstance(asked, BucketQuestion):
            if asked.about == "location":
                return Response(200, bucket_documents.location_document(), _XML)
            return Response(200, b"", _XML | {"x-amz-bucket-region": "us-east-1"})
        return await self._dispatch(asked, mount, exchange, record)

    async def _dispatch(
        self,
        asked: ObjectRequest | ListRequest,
        mount: Mount,
        exchange: Exchange,
        record: RequestRecord,
    ) -> Response:
        deadline, metrics = RenewableDeadline(mount.timeout_s), record.metrics
        record.deadline = deadline
        return await self._work.run(
            lambda: dispatch(asked, mount, mount.policy, deadline, metrics), deadline, exchange
        )

    async def _batch(
        self, name: str, exchange: Exchange, send: Send, record: RequestRecord
    ) -> Response:
        mount = self._let_in(name, exchange, record)  # before its body is kept
        body = await exchange.body(_LARGEST_CALL * 8)
        self._access.mount(name, exchange.head, body)
        asked = parse_batch(body, exchange, mount)
        self._work.require_room_for_batch()
        return await BatchStream(mount, self._work, exchange, record).send(asked, send)

    async def _webhook(self, name: str, exchange: Exchange, record: RequestRecord) -> Response:
        mount = self._access.called(name, exchange.headers)
        body = await exchange.body(_LARGEST_CALL) if exchange.head.method == "POST" else b""
        record.mount = mount.name
        if not body:  # the store asks whether anybody is here
            return Response(200, b"", {"Content-Type": "text/plain"})
        call = webhook_calls.parse_call(body)
        try:
            asked = call.request(mount)
            record.key = asked.key
            response = await self._dispatch(asked, mount, exchange, record)
        except ClientGone:
            raise
        except Exception as error:  # the store's client must get an answer
            response = record.metrics.refusal(error)
        return call.reply(response, exchange.request_id)


def create_app() -> Any:
    """Return the application of a new worker, as uvicorn asks for it."""
    try:
        return Server(ServerSettings.read())
    except ValueError as error:  # the file has changed since the parent read it
        sys.stderr.write(f"error: {error}\n")
        sys.exit(1)
