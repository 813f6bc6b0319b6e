"""Batches: many objects of a mount in one answer, which is streamed in the order of the keys.

Each object is a line of JSON, which says its status, its bytes and their checksum, and then those
bytes: exactly what a GET of the object answers. The last line counts them, so that a client notices an
answer that ends early.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jitprep.server.batch_rows import BatchRows
from jitprep.server.exchange import Exchange, Send
from jitprep.server.replies import send_head, send_pieces
from jitprep.server.work import ClientGone, Work
from jitprep.service.errors import RequestFailed
from jitprep.service.http import checksums, client_request
from jitprep.service.messages import ObjectName, ObjectRequest, PipelineChoice, Response
from jitprep.service.pipeline_choice import (
    choose,
    require_overrides_allowed,
    require_single_objects,
)
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.s3_names import METADATA_HEADER
from preprocessing.names import is_utf8

if TYPE_CHECKING:
    from jitprep.server.configuration.mounts import Mount
    from jitprep.server.request_log import RequestRecord

CONTENT_TYPE = "application/vnd.jitprep.batch"
_MEMBERS = frozenset({"keys", "pipeline", "seed"})
_DESCRIBE = ("shape", "dtype", "fingerprint")


def parse_batch(body: bytes, exchange: Exchange, mount: Mount) -> Iterator[ObjectRequest]:
    """Return the requests that a batch asks for.

    Raises
    ------
    RequestFailed
        ``InvalidRequest`` for anything but an object with ``keys``, and perhaps ``seed`` and
        ``pipeline``; ``InvalidSeed``; ``OverrideNotAllowed`` and ``UnknownPipeline``, which each of the
        objects would be answered with.
    """
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise _invalid("the body is not JSON") from None
    if not isinstance(asked, dict) or "keys" not in asked or asked.keys() - _MEMBERS:
        raise _invalid(f"the body must be a JSON object of {', '.join(sorted(_MEMBERS))}")
    keys = asked["keys"]
    if not isinstance(keys, list) or not keys or not all(_is_key(key) for key in keys):
        raise _invalid("keys must be a list of keys that are not empty")
    chosen = {name: str(asked[name]) for name in ("pipeline", "seed") if name in asked}
    choice = client_request.choice(mount.configuration, {}, chosen)
    require_overrides_allowed(choice, mount.policy)
    require_single_objects(choose(choice.configuration, choice.preset))
    client_request.headers_of(exchange.headers)
    return (_request(mount, key, choice) for key in keys)


def _request(mount: Mount, key: str, choice: PipelineChoice) -> ObjectRequest:
    request = ObjectRequest("GET", key, ObjectName(mount.name, key), choice, checksum=True)
    return replace(request, key=mount.drawn_key(key))


class BatchStream:
    """A batch that is being answered.

    Parameters
    ----------
    mount : Mount
    work : Work
    exchange : Exchange
    record : RequestRecord
    """

    def __init__(self, mount: Mount, work: Work, exchange: Exchange, record: RequestRecord) -> None:
        self._mount, self._work, self._exchange, self._record = mount, work, exchange, record
        self._done = self._failed = 0

    async def send(self, requests: Iterator[ObjectRequest], send: Send) -> Response:
        """Send the objects in order, and return the response for the log.

        Raises
        ------
        ClientGone
            Where the client leaves, or reads nothing. The objects under way are given up.
        """
        self._record.streamed = True
        try:
            await send_head(send, self._exchange, 200, {"Content-Type": CONTENT_TYPE})
            await self._send_rows(requests, send)
            metrics = self._record.metrics
            metrics.rows, metrics.failed = self._done, self._failed
            end = json.dumps({"rows": self._done, "failed": self._failed}) + "\n"
            await send_pieces(send, end.encode())
        except TimeoutError:
            raise ClientGone from None
        return Response(200)

    async def _send_rows(self, requests: Iterator[ObjectRequest], send: Send) -> None:
        rows = BatchRows(requests, self._mount, self._work, self._exchange)
        async with aclosing(rows.in_order()) as in_order:
            async for row in in_order:
                await self._send_one(row.request, row.response, send)
                self._add(row.metrics)
                # What is sent to a client that left is dropped without a word.
                if self._exchange.gone.done():
                    raise ClientGone

    def _add(self, metrics: RequestMetrics) -> None:
        """Add what was measured of an object to what is measured of the batch."""
        total = self._record.metrics
        total.pipeline = metrics.pipeline
        total.bytes_in += metrics.bytes_in
        total.unexpected += metrics.unexpected
        for outcome, number in metrics.store.items():
            total.count_copies(outcome, number)
        for stage, ms in metrics.ms.items():
            total.ms[stage] = round(total.ms.get(stage, 0.0) + ms, 3)

    async def _send_one(self, request: ObjectRequest, response: Response, send: Send) -> None:
        assert isinstance(request.source, ObjectName)
        line: dict[str, Any] = {"key": request.source.key, "statusCode": response.status}
        if response.error_code is None:
            self._done += 1
            line |= {
                "etag": response.headers["ETag"],
                "contentType": response.headers["Content-Type"],
                **_described(response),
                "crc32": response.headers[checksums.CRC32],
            }
        else:
            self._failed += 1
            line |= {"errorCode": response.error_code, "errorMessage": response.error_message}
        head = json.dumps(line | {"bytes": response.body_bytes}) + "\n"
        await send_pieces(send, head.encode() + response.whole_body, more=True)
        self._record.sent_bytes += response.body_bytes


def _described(response: Response) -> dict[str, str]:
    """Return what media types do not say themselves, as a GET's metadata does."""
    found = {name: response.headers.get(f"{METADATA_HEADER}jitprep-{name}") for name in _DESCRIBE}
    return {name: value for name, value in found.items() if value is not None}


def _is_key(key: object) -> bool:
    return isinstance(key, str) and bool(key) and is_utf8(key)


def _invalid(what: str) -> RequestFailed:
    return RequestFailed(
        400, "InvalidRequest", f'{what}; send {{"keys": ["a.jpg", "b.jpg"], "seed": 0}}'
    )
