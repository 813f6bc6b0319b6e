"""A batch as the server streams it: for each key a line of JSON and its bytes, and a last line.

The bytes of a tensor are its header and its samples. The first tensor says where its samples begin.
Those after it with an equal header are received straight into their rows of one array.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http.client import HTTPException, HTTPResponse
from threading import Lock
from typing import Any

import numpy as np

from jitprep.reader.decode import ReadResult, decode, is_tensor
from jitprep.reader.errors import ReadError, Undecodable, read_error
from jitprep.reader.transport.stream import read_into
from preprocessing.media import Array

_CONTENT_TYPE = "application/vnd.jitprep.batch"
_LONGEST_LINE = 2**16


class JointRows:
    """Rows of one array, which several threads fill.

    Parameters
    ----------
    keys : sequence of str
        One per row.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._places = {key: place for place, key in enumerate(keys)}
        self._lock = Lock()
        self._rows: Array | None = None
        self._like: tuple[Any, ...] = ()
        self._head = b""

    def receive(self, key: str, line: Mapping[str, Any], answer: HTTPResponse) -> Array:
        """Read the bytes of an object, and return its row; a row apart where it has another form.

        Raises
        ------
        Undecodable
        HTTPException
            Where bytes are missing.
        """
        head = bytearray()
        if self._rows is not None and _like(line) == self._like:
            row = self._rows[self._places[key], ...]
            head = bytearray(len(self._head))
            read_into(answer, memoryview(head))
            if head == self._head:
                read_into(answer, row.reshape(-1).view(np.uint8).data)
                return row
        body = head.ljust(line["bytes"])
        read_into(answer, memoryview(body)[len(head) :])
        about = {name: line[name] for name in ("shape", "dtype") if name in line}
        return self._placed(key, line, body, ReadResult(body, line["contentType"], about))

    def _placed(
        self, key: str, line: Mapping[str, Any], body: bytearray, result: ReadResult
    ) -> Array:
        made = decode(result, key)
        if made.dtype.kind in "OU":  # texts, of any length
            return made
        with self._lock:
            if self._rows is None:
                self._rows = np.empty((len(self._places), *made.shape), made.dtype)
                if is_tensor(result):
                    self._head = bytes(body[: len(body) - made.nbytes])
                    self._like = _like(line)
        if (made.shape, made.dtype) != (self._rows.shape[1:], self._rows.dtype):
            return made
        row = self._rows[self._places[key], ...]
        row[...] = made
        return row


def receive(
    answer: HTTPResponse, keys: Sequence[str], rows: JointRows, read: dict[str, Array | ReadError]
) -> None:
    """Put the result of each key, or its error, into `read` as they arrive.

    Raises
    ------
    Undecodable
        Where the answer is not such a batch.
    HTTPException
        Where it ends early.
    """
    if answer.headers.get_content_type() != _CONTENT_TYPE:
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
    except (ValueError, LookupError, TypeError) as error:
        kind = type(error).__name__
        raise Undecodable(f"the response does not have a batch's form ({kind})") from None


def _result(
    key: str, line: Mapping[str, Any], answer: HTTPResponse, rows: JointRows
) -> Array | ReadError:
    if "errorCode" in line:
        return read_error(line["statusCode"], line["errorCode"], line["errorMessage"], key)
    try:
        return rows.receive(key, line, answer)
    except Undecodable as error:  # its bytes are read, so that the next line follows
        return error


def _line(answer: HTTPResponse) -> Mapping[str, Any]:
    text = answer.readline(_LONGEST_LINE)
    if not text.endswith(b"\n") and len(text) < _LONGEST_LINE:
        raise HTTPException
    line: Mapping[str, Any] = json.loads(text)
    return line


def _like(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return line["contentType"], line["bytes"], line.get("shape"), line.get("dtype")
