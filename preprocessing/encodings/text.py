"""Text files: plain text and JSON lines."""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING, ClassVar

from preprocessing.cancellation import checkpoint
from preprocessing.encodings._base import Encoding
from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import Array, TextSpec

# Documents encoded together.
_LINES = 2**10


@frozen
class Text(Encoding):
    """Plain text in UTF-8, of one document.

    Notes
    -----
    The file has no byte order mark. Line ends stay the same.

    Raises
    ------
    IncompatibleSource
        If there may be more than one document.
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
                f"holds one document, but the result is {spec}; encode as jsonl"
            )

    def encode(self, array: Array, spec: TextSpec) -> bytes:
        text: str = array[0]
        return text.encode()


@frozen
class Jsonl(Encoding):
    """JSON lines in UTF-8: one object per document, ``{"text": "..."}``.

    Notes
    -----
    ``datasets.load_dataset("json", ...)`` reads it. Lines end with LF. Quotes, backslashes and control
    characters are escaped.
    """

    name: ClassVar[str] = "jsonl"
    content_type: ClassVar[str] = "application/jsonl"
    input_kinds = ("text",)

    def accept(self, spec: TextSpec) -> None:
        """Accept any number of documents."""

    def encode(self, array: Array, spec: TextSpec) -> bytearray:
        body = bytearray()
        for start in range(0, len(array), _LINES):
            checkpoint()
            lines = [
                f'{{"text": {encode_basestring(text)}}}\n' for text in array[start : start + _LINES]
            ]
            body += "".join(lines).encode()
        return body
