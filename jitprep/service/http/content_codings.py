"""Decoders for Content-Encoding: an object stored under one is read as an HTTP client would read it.

RFC 9110, 8.4: gzip and deflate, in any order and number. Other codings are refused by name, so that
every machine reads an object the same way.
"""

from __future__ import annotations

import re
import zlib
from io import BytesIO

from preprocessing import CorruptSource, LimitExceeded, Limits, UnsupportedSource
from preprocessing.cancellation import checkpoint
from preprocessing.limits import require_memory

# Labels without a coding. S3 keeps the SDKs' aws-chunked, and charsets that people put here.
_NOTHING = frozenset({
    *("", "identity", "aws-chunked", "none", "binary", "7bit", "8bit"),
    *("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252"),
})  # fmt: skip
_GZIP = frozenset({"gzip", "x-gzip"})
# The same limit as urllib3's.
_MOST = 5
# Bytes that one call of zlib takes and returns, so that it lasts milliseconds. A member's first slice is
# small, since zlib copies what follows the member, and there may be millions of members.
_FIRST_SLICE, _SLICE, _CHUNK = 2**10, 2**16, 2**20
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_BITS, _ZLIB_BITS, _RAW_BITS = 31, 15, -15
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]*=*\s*")


def of(header: str | None) -> tuple[str, ...]:
    """Return the codings that a Content-Encoding names, in the order they were applied."""
    names = (name.strip().lower() for name in (header or "").split(","))
    return tuple(name for name in names if name not in _NOTHING)


def decode(body: bytes, header: str | None, limits: Limits) -> bytes:
    """Return a stored body with its Content-Encoding undone.

    Parameters
    ----------
    body : bytes
        As stored.
    header : str, optional
        The Content-Encoding; None without one.
    limits : Limits
        On the output of each coding, and on the memory of input and output together.

    Raises
    ------
    CorruptSource
        Where the body does not have the named coding, is truncated, or is damaged.
    UnsupportedSource
        For another coding than gzip and deflate.
    LimitExceeded
        Before more is decoded.
    """
    codings = of(header)
    if len(codings) > _MOST:
        raise UnsupportedSource(
            f"the object's Content-Encoding names {len(codings)} codings, and at most {_MOST} are "
            "supported; store it with fewer"
        )
    for coding in reversed(codings):
        if not body:  # an empty object, whatever its label
            return body
        if coding in _GZIP:
            body = _gunzip(body, coding, limits)
        elif coding == "deflate":
            body = _inflate(body, limits)
        elif coding == "base64" and not _BASE64.fullmatch(body):
            continue  # AWS's own examples label plain images so
        else:
            raise UnsupportedSource(
                f"the object has the Content-Encoding {coding[:100]!r}, and only gzip and deflate are "
                "supported; store it without a Content-Encoding, or with one of these"
            )
    return body


def _gunzip(body: bytes, coding: str, limits: Limits) -> bytes:
    """Return the content of all members, as gzip(1) does; zeros may follow them."""
    if not body.startswith(_GZIP_MAGIC):
        raise CorruptSource(
            f"the object's Content-Encoding says {coding}, but its bytes are not gzip; compress it, or "
            "remove the Content-Encoding"
        )
    out, start = BytesIO(), 0
    while True:
        start = _member(body, start, _GZIP_BITS, out, limits)
        if body.startswith(_GZIP_MAGIC, start):
            continue
        if start < len(body) and body.count(0, start) < len(body) - start:
            raise _damaged(coding, f"the {len(body) - start} bytes after its end are not gzip")
        return out.getvalue()


def _inflate(body: bytes, limits: Limits) -> bytes:
    """Return the content of a zlib or a raw deflate stream: servers use one name for both."""
    # RFC 1950, 2.2. Raw deflate does not begin so: encoders leave the bits between as zeros.
    is_zlib = len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0
    out = BytesIO()
    end = _member(body, 0, _ZLIB_BITS if is_zlib else _RAW_BITS, out, limits)
    if end < len(body):
        raise _damaged("deflate", f"{len(body) - end} bytes follow its end")
    return out.getvalue()


def _member(body: bytes, start: int, bits: int, out: BytesIO, limits: Limits) -> int:
    """Decode one stream to `out`; return where it ends."""
    coding = "gzip" if bits == _GZIP_BITS else "deflate"
    inflater, size = zlib.decompressobj(bits), _FIRST_SLICE
    while not inflater.eof:
        given = inflater.unconsumed_tail or body[start : start + size]
        if not inflater.unconsumed_tail:
            start, size = start + len(given), min(size * 2, _SLICE)
        checkpoint()
        try:
            chunk = inflater.decompress(given, _CHUNK)
        except zlib.error as error:
            raise _damaged(coding, str(error).rpartition(": ")[2]) from None
        size_out = out.tell() + len(chunk)
        require_memory(len(body) + size_out, limits, "decoding the object's Content-Encoding")
        if size_out > limits.source_bytes:
            raise LimitExceeded(
                f"the object has {size_out} bytes or more once its Content-Encoding is decoded, and the "
                f"limit is {limits.source_bytes}; raise JITPREP_MAX_BYTES or store a smaller object"
            )
        out.write(chunk)
        if not given and not chunk:
            raise CorruptSource(
                f"the object is truncated: the {coding} stream of its Content-Encoding does not end; "
                "upload it again"
            )
    return start - len(inflater.unused_data)


def _damaged(coding: str, why: str) -> CorruptSource:
    return CorruptSource(
        f"the object's Content-Encoding says {coding}, but its bytes are damaged or something else "
        f"({why}); upload it again, or remove the Content-Encoding"
    )
