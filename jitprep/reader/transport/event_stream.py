"""AWS's event streams, ``application/vnd.amazon.eventstream``, read event by event as they arrive.

A message is the lengths of it and of its headers, a checksum of these, the headers, the payload, and a
checksum of it all. The SDK copies what it receives four times, which takes more CPU than base64 did.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import lru_cache
from typing import Any

from botocore.eventstream import EventStream, ParserError
from botocore.exceptions import EventStreamError
from urllib3.exceptions import HTTPError

from jitprep.reader.errors import Unavailable
from jitprep.reader.transport.answer import Answer
from jitprep.reader.transport.stream import read_rest

_PRELUDE, _CHECKSUM_BYTES = struct.Struct("!III"), 4
# A header's value: its type, which is that of texts, and its length.
_VALUE, _TEXT = struct.Struct("!BH"), 7
# The SDK's limit for a payload and for headers.
_LARGEST = 24 * 2**20 + 2**17
_CHUNK, _PAYLOAD = "PayloadChunk", "Payload"
_ENDED = "Lambda ended the answer early"
_CHANGED = "bytes of the answer are missing, or were changed on the way; read over https"


def lambda_events(answer: Answer, key: str | None) -> Iterator[Mapping[str, Any]]:
    """Yield the events of InvokeWithResponseStream as the SDK does: a chunk of payload, or the end.

    Parameters
    ----------
    answer : Answer
        Read to its end.
    key : str, optional
        Key for error messages.

    Raises
    ------
    Unavailable
        Where bytes were changed on the way, or Lambda ends the stream by an exception.
    HTTPException
        Where the stream ends within an event.
    """
    while prelude := answer.read(_PRELUDE.size):
        try:
            headers, payload = _message(prelude, answer)
            if headers[":message-type"] != "event":
                code = headers.get(":exception-type") or headers.get(":error-code")
                raise Unavailable(_ENDED, key=key, code=code)
            kind = headers[":event-type"]
            content = {_PAYLOAD: payload} if kind == _CHUNK else dict(json.loads(bytes(payload)))
        except (ValueError, LookupError, TypeError, RecursionError, struct.error) as error:
            raise Unavailable(_CHANGED, key=key, code=type(error).__name__) from None
        yield {kind: content}


def sdk_events(stream: EventStream, key: str | None) -> Iterator[Mapping[str, Any]]:
    """Yield the same from the SDK's own stream, which raises errors of urllib3 and of its parser."""
    with closing(stream):
        try:
            yield from stream
        except EventStreamError as error:
            code = error.response.get("Error", {}).get("Code")
            raise Unavailable(_ENDED, key=key, code=code) from None
        except (HTTPError, ParserError) as error:
            raise Unavailable(_CHANGED, key=key, code=type(error).__name__) from None


def _message(prelude: bytes, answer: Answer) -> tuple[Mapping[str, str], memoryview]:
    """Return a message's headers and payload. Raises ValueError where a checksum differs."""
    prelude += bytes(read_rest(answer, _PRELUDE.size - len(prelude)))
    length, headers_length, checksum = _PRELUDE.unpack(prelude)
    rest_length = length - _PRELUDE.size
    least = headers_length + _CHECKSUM_BYTES
    # Before that many bytes are taken from memory.
    if zlib.crc32(prelude[:8]) != checksum or not least <= rest_length <= _LARGEST:
        raise ValueError
    rest = memoryview(read_rest(answer, rest_length))
    checksum = int.from_bytes(rest[-_CHECKSUM_BYTES:], "big")
    if zlib.crc32(rest[:-_CHECKSUM_BYTES], zlib.crc32(prelude)) != checksum:
        raise ValueError
    return _headers(bytes(rest[:headers_length])), rest[headers_length:-_CHECKSUM_BYTES]


@lru_cache(maxsize=16)
def _headers(coded: bytes) -> Mapping[str, str]:
    """Return headers, which are texts; those of most events are equal."""
    found: dict[str, str] = {}
    at = 0
    while at < len(coded):
        end = at + 1 + coded[at]
        name = coded[at + 1 : end].decode()
        kind, length = _VALUE.unpack_from(coded, end)
        if kind != _TEXT:
            raise ValueError
        at = end + _VALUE.size + length
        found[name] = coded[end + _VALUE.size : at].decode()
    return found
