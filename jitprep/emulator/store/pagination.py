"""The parameters that all listings share, and the entries that they select."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.s3_xml import XmlElement
from jitprep.emulator.store.request import WsgiRequest

_MOST = 1000
_LARGEST = 2**31 - 1


@dataclass(frozen=True)
class ListQuery:
    """Parameters of a listing.

    Parameters
    ----------
    prefix, delimiter
        The prefix of all keys, and the delimiter that groups them into common prefixes.
    most
        The maximum number of entries on a page.
    encoded
        Whether keys are percent-encoded in the response.
    """

    prefix: str
    delimiter: str
    most: int
    encoded: bool

    @classmethod
    def of(cls, request: WsgiRequest, most: str = "max-keys") -> ListQuery:
        """Parse a query; ``most`` is its parameter for the page size. Raises S3Error, 400."""
        query = request.query
        encoding = query.get("encoding-type")
        if encoding not in {None, "url"}:
            raise invalid_argument(
                "Invalid Encoding Method specified in Request", "encoding-type", encoding
            )
        count = min(whole_number(request, most, _MOST), _MOST)
        return cls(query.get("prefix", ""), query.get("delimiter", ""), count, encoding == "url")

    def text(self, key: str) -> str:
        """Return a key, or a part of one, encoded for the response."""
        return quote(key, safe="/") if self.encoded else key

    def echo(self) -> list[XmlElement]:
        """Return the elements that repeat the request's parameters."""
        asked: list[XmlElement] = [("Prefix", self.text(self.prefix))]
        if self.delimiter:
            asked.append(("Delimiter", self.text(self.delimiter)))
        if self.encoded:
            asked.append(("EncodingType", "url"))
        return asked

    def common_prefix(self, key: str) -> str | None:
        """Return the common prefix that a key is grouped into, or None."""
        end = key.find(self.delimiter, len(self.prefix)) if self.delimiter else -1
        return None if end < 0 else key[: end + len(self.delimiter)]

    def entries(self, keys: Iterable[str], after: str = "") -> Iterator[tuple[str, bool]]:
        """Yield the keys (False) and common prefixes (True) after a position, in order.

        Python sorts strings like their UTF-8, which is S3's order.
        """
        last = ""
        for key in sorted(key for key in keys if key.startswith(self.prefix)):
            prefix = self.common_prefix(key)
            if prefix is None:
                if key > after:
                    yield key, False
            elif prefix > after and prefix != last:
                last = prefix
                yield prefix, True

    def prefixes(self, found: Iterable[str]) -> list[XmlElement]:
        """Return the elements of common prefixes."""
        return [("CommonPrefixes", [("Prefix", self.text(prefix))]) for prefix in found]


def whole_number(request: WsgiRequest, name: str, default: int, least: int = 0) -> int:
    """Parse a parameter that is a whole number. Raises S3Error, 400."""
    text = request.query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[+-]?[0-9]{1,20}", text):
        raise invalid_argument(
            "Provided argument is not an integer or within integer range", name, text
        )
    if not least <= int(text) <= _LARGEST:
        raise invalid_argument(f"Argument {name} must be from {least} to {_LARGEST}", name, text)
    return int(text)


def invalid_argument(message: str, name: str, value: str | None) -> S3Error:
    """Return the error of a parameter that is not allowed."""
    details = {"ArgumentName": name, "ArgumentValue": value or ""}
    return S3Error(400, "InvalidArgument", message, details)
