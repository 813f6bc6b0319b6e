"""Messages of AWS's event stream encoding, `application/vnd.amazon.eventstream`."""

from __future__ import annotations

import struct
import zlib

MEDIA_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7  # the type of a header's value
# The total length and the headers' length, with their checksum, and the checksum of the message.
_PRELUDE, _CHECKSUM = struct.Struct(">II"), struct.Struct(">I")


def event_message(kind: str, content_type: str, payload: bytes) -> bytes:
    """Return the message of an event.

    Parameters
    ----------
    kind
        The event's name in the service's model.
    content_type, payload
        What it carries.
    """
    headers = b"".join(
        (
            _header(":event-type", kind),
            _header(":content-type", content_type),
            _header(":message-type", "event"),
        )
    )
    size = _PRELUDE.size + len(headers) + len(payload) + 2 * _CHECKSUM.size
    prelude = _PRELUDE.pack(size, len(headers))
    message = b"".join((prelude, _CHECKSUM.pack(zlib.crc32(prelude)), headers, payload))
    return message + _CHECKSUM.pack(zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return (
        struct.pack(">B", len(name))
        + name.encode()
        + struct.pack(">BH", _STRING, len(value))
        + value.encode()
    )
