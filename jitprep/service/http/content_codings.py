"""Content codings, undone: an object stored under a Content-Encoding, as who reads it by HTTP gets it.

RFC 9110, 8.4: gzip and deflate, in any order and number. The rest is refused by name, so that the same
object is read alike on every machine.
"""

from __future__ import annotations

import re
import zlib
from io import BytesIO

from preprocessing import CorruptSource, LimitExceeded, Limits, UnsupportedSource
from preprocessing.cancellation import checkpoint
from preprocessing.limits import require_memory

# Labels that say nothing of the bytes. S3 keeps SDKs' aws-chunked, and charsets where people put them.
_NOTHING = frozenset({
    *("", "identity", "aws-chunked", "none", "binary", "7bit", "8bit"),
    *("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252"),
})  # fmt: skip
_GZIP = frozenset({"gzip", "x-gzip"})
# As many as urllib3 undoes.
_MOST = 5
# What is given to zlib and taken of it at once: a call lasts milliseconds. Of a member the first slice
# is small, since what is not the member's is copied: there may be millions of them.
_FIRST_SLICE, _SLICE, _CHUNK = 2**10, 2**16, 2**20
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_BITS, _ZLIB_BITS, _RAW_BITS = 31, 15, -15
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]*=*\s*")


def of(header: str | None) -> tuple[str, ...]:
    """Return the codings that a Content-Encoding names, in the order in which they were applied."""
    names = (name.strip().lower() for name in (header or "").split(","))
    return tuple(name for name in names if name not in _NOTHING)


def decode(body: bytes, header: str | None, limits: Limits) -> bytes:
    """Return what is stored under a Content-Encoding.

    Parameters
    ----------
    body : bytes
        As it is stored.
    header : str, optional
        The Content-Encoding; None where there is none.
    limits : Limits
        Of what comes out of each coding, and is held beside what goes in.

    Raises
    ------
    CorruptSource
        Where the body is not what the header says, is cut off, or is damaged.
    UnsupportedSource
        For a coding that is not decoded here.
    LimitExceeded
        Before more is taken.
    """
    codings = of(header)
    if len(codings) > _MOST:
        raise UnsupportedSource(
            f"the object's Content-Encoding names {len(codings)} codings, and at most {_MOST} are "
            "undone; store it under fewer"
        )
    for coding in reversed(codings):
        if not body:  # an object of no bytes, whatever it is labelled
            return body
        if coding in _GZIP:
            body = _gunzip(body, coding, limits)
        elif coding == "deflate":
            body = _inflate(body, limits)
        elif coding == "base64" and not _BASE64.fullmatch(body):
            continue  # as AWS's own examples label images that are stored as they are
        else:
            raise UnsupportedSource(
                f"the object is stored in the content coding {coding[:100]!r}, and gzip and deflate are "
                "decoded; store it without a Content-Encoding, or in one of these"
            )
    return body


def _gunzip(body: bytes, coding: str, limits: Limits) -> bytes:
    """Return what all members hold, as gzip(1) does; behind them there may be zeros."""
    if not body.startswith(_GZIP_MAGIC):
        raise CorruptSource(
            f"the object's Content-Encoding says {coding}, and its bytes do not begin as gzip; store "
            "what it says, or take the Content-Encoding away"
        )
    out, start = BytesIO(), 0
    while True:
        start = _member(body, start, _GZIP_BITS, out, limits)
        if body.startswith(_GZIP_MAGIC, start):
            continue
        if start < len(body) and body.count(0, start) < len(body) - start:
            raise _damaged(coding, f"{len(body) - start} bytes behind its end are not gzip")
        return out.getvalue()


def _inflate(body: bytes, limits: Limits) -> bytes:
    """Return what zlib's format holds, or deflate's without it: servers send both by one name."""
    # RFC 1950, 2.2. Deflate's own blocks do not begin so: encoders leave the bits between as zeros.
    is_zlib = len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0
    out = BytesIO()
    end = _member(body, 0, _ZLIB_BITS if is_zlib else _RAW_BITS, out, limits)
    if end < len(body):
        raise _damaged("deflate", f"{len(body) - end} bytes stand behind its end")
    return out.getvalue()


def _member(body: bytes, start: int, bits: int, out: BytesIO, limits: Limits) -> int:
    """Write what one stream holds; return where it ends."""
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
        require_memory(len(body) + size_out, limits, "undoing the object's Content-Encoding")
        if size_out > limits.source_bytes:
            raise LimitExceeded(
                f"the object has {size_out} bytes or more once its Content-Encoding is undone, and the "
                f"limit is {limits.source_bytes}; raise JITPREP_MAX_BYTES or store a smaller object"
            )
        out.write(chunk)
        if not given and not chunk:
            raise CorruptSource(
                f"the object is cut off: the {coding} that its Content-Encoding names does not end; "
                "upload it again"
            )
    return start - len(inflater.unused_data)


def _damaged(coding: str, why: str) -> CorruptSource:
    return CorruptSource(
        f"the object is not the {coding} that its Content-Encoding says, or is damaged ({why}); store "
        "what it says, or take the Content-Encoding away"
    )
