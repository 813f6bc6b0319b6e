"""What doors make of a streamed body that can carry only so much: a whole body, or a bounded stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jitprep.service.errors import RequestFailed
from jitprep.service.http import checksums
from jitprep.service.messages import Response
from jitprep.service.shards.body_stream import BodyStream


def collect(response: Response, most: int, *, checksum: bool = False) -> Response:
    """Return the response with all of its body, which is given up once it is too large.

    Parameters
    ----------
    response : Response
    most : int
        In bytes.
    checksum : bool
        Whether the client wants one of a whole body.

    Raises
    ------
    RequestFailed
        ``ResponseTooLarge``, 413; what making the body raises.
    PreprocessingError
    """
    if not isinstance(response.body, BodyStream):
        return response
    pieces = []
    try:
        for piece in response.body:
            pieces.append(piece)
            if response.body.taken > most:
                raise RequestFailed(
                    413,
                    "ResponseTooLarge",
                    f"the transformed shard has more than the {most} bytes that can be returned whole; "
                    "read it as a stream, through an access point, a server or a function that streams, "
                    "or store smaller shards",
                )
    finally:
        response.body.close()
    body = b"".join(pieces)
    headers = dict(response.headers)
    if checksum and response.status == 200:
        headers[checksums.CRC32] = checksums.crc32(body)
    return replace(response, body=body, headers=headers)


def bound(response: Response, most: int) -> Response:
    """Return a response whose body has `most` bytes at most; a stream fails before it has more.

    Raises
    ------
    RequestFailed
        ``ResponseTooLarge``, 413, where the body is whole, and has more. A stream raises it later.
    """
    body = response.body
    if isinstance(body, BodyStream):
        return replace(response, body=BodyStream(_bounded(body, most), body.close))
    if len(body) > most:
        raise _too_large("answer has more bytes", most, "ask for less at a time")
    return response


def _bounded(body: BodyStream, most: int) -> Iterator[bytes]:
    for piece in body:
        if body.taken > most:
            raise _too_large("transformed shard has more bytes", most, "store smaller shards")
        yield piece


def _too_large(what: str, most: int, advice: str) -> RequestFailed:
    return RequestFailed(
        413, "ResponseTooLarge", f"the {what} than the {most} that Lambda streams; {advice}"
    )
