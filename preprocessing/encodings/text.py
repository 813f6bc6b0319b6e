"""Texts as files: plain, and a JSON object a line."""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING, ClassVar

from preprocessing.cancellation import checkpoint
from preprocessing.encodings._base import Encoding
from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import Array, TextSpec

# How many are encoded together.
_LINES = 2**10


@frozen
class Text(Encoding):
    """Plain text in UTF-8, without a byte order mark, its line ends as they are. One document.

    Raises
    ------
    IncompatibleSource
        For many documents, or a table's, of which the number is not known.
    """

    name: ClassVar[str] = "text"
    content_type: ClassVar[str] = "text/plain; charset=utf-8"
    input_kinds = ("text",)

    @property
    def suffix(self) -> str:
        return "txt"

    def accept(self, spec: TextSpec) -> None:
        if spec.documents != 1:
            raise IncompatibleSource(
                f"holds one document, and the result is {spec}; encode as jsonl, a line for each"
            )

    def encode(self, array: Array, spec: TextSpec) -> bytes:
        text: str = array[0]
        return text.encode()


@frozen
class Jsonl(Encoding):
    """JSON lines in UTF-8: for each document an object, ``{"text": "..."}``, and LF.

    Notes
    -----
    ``datasets.load_dataset("json", ...)`` reads it. Only quotes, backslashes and control characters are
    escaped, so that no line end is within a line.
    """

    name: ClassVar[str] = "jsonl"
    content_type: ClassVar[str] = "application/jsonl"
    input_kinds = ("text",)

    def accept(self, spec: TextSpec) -> None:
        """Any number of texts can be written."""

    def encode(self, array: Array, spec: TextSpec) -> bytearray:
        body = bytearray()
        for start in range(0, len(array), _LINES):
            checkpoint()
            lines = [
                f'{{"text": {encode_basestring(text)}}}\n' for text in array[start : start + _LINES]
            ]
            body += "".join(lines).encode()
        return body
