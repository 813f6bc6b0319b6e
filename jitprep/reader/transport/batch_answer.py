"""A batch as the server streams it: for each key a line of JSON and its bytes, and a last line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any

from jitprep.reader.errors import ReadError, Unavailable, Undecodable, read_error
from jitprep.reader.transport.answer import Answer
from jitprep.reader.transport.receiving import Incoming, JointRows
from jitprep.service.http import checksums
from preprocessing.media import Array

_CONTENT_TYPE = "application/vnd.jitprep.batch"
_LONGEST_LINE = 2**16
_ABOUT = ("shape", "dtype", "fingerprint")


def receive(
    answer: Answer, keys: Sequence[str], rows: JointRows, read: dict[str, Array | ReadError]
) -> None:
    """Put the result of each key, or its error, into `read` as they arrive.

    Raises
    ------
    Undecodable
        Where the answer is not such a batch.
    HTTPException
        Where it ends early.
    """
    if answer.headers.get("content-type") != _CONTENT_TYPE:
        raise Undecodable("the response to a batch is not one")
    try:
        for key in keys:
            line = _line(answer)
            if line["key"] != key:
                raise Undecodable("the response is not about the requested keys")
            read[key] = _result(key, line, answer, rows)
        end = _line(answer)
        if end["rows"] + end["failed"] != len(keys) or answer.read():
            raise Undecodable("the response does not end after the requested keys")
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        kind = type(error).__name__
        raise Undecodable(f"the response does not have a batch's form ({kind})") from None


def _result(
    key: str, line: Mapping[str, Any], answer: Answer, rows: JointRows
) -> Array | ReadError:
    if "errorCode" in line:
        return read_error(line["statusCode"], line["errorCode"], line["errorMessage"], key)
    about = {name: line[name] for name in _ABOUT if name in line}
    sent = {checksums.CRC32: line["crc32"]} if "crc32" in line else {}
    try:
        incoming = Incoming(int(line["bytes"]), line["contentType"], about, sent)
        return rows.receive(answer, key, incoming)
    except (Undecodable, Unavailable) as error:  # its bytes are read, so that the next line follows
        return error


def _line(answer: Answer) -> Mapping[str, Any]:
    text = answer.readline(_LONGEST_LINE)
    if not text.endswith(b"\n") and len(text) < _LONGEST_LINE:
        raise HTTPException
    line: Mapping[str, Any] = json.loads(text)
    return line
