"""A listing's list_query, and the page that answers it."""

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
    """What every listing is asked.

    Parameters
    ----------
    prefix, delimiter
        Keys begin with the one; the other rolls them up to common prefixes.
    most
        How many entries a page has at most.
    encoded
        Whether keys are written percent-encoded.
    """

    prefix: str
    delimiter: str
    most: int
    encoded: bool

    @classmethod
    def of(cls, request: WsgiRequest, most: str = "max-keys") -> ListQuery:
        """Read a query, ``most`` its parameter for the size. Raises S3Error, 400."""
        query = request.query
        encoding = query.get("encoding-type")
        if encoding not in {None, "url"}:
            raise invalid_argument(
                "Invalid Encoding Method specified in Request", "encoding-type", encoding
            )
        count = min(whole_number(request, most, _MOST), _MOST)
        return cls(query.get("prefix", ""), query.get("delimiter", ""), count, encoding == "url")

    def text(self, key: str) -> str:
        """Return a key, or a part of one, as it is written."""
        return quote(key, safe="/") if self.encoded else key

    def echo(self) -> list[XmlElement]:
        """Return the elements that say what was asked."""
        asked: list[XmlElement] = [("Prefix", self.text(self.prefix))]
        if self.delimiter:
            asked.append(("Delimiter", self.text(self.delimiter)))
        if self.encoded:
            asked.append(("EncodingType", "url"))
        return asked

    def rolled(self, key: str) -> str | None:
        """Return the common prefix that stands for a key, None where it stands for itself."""
        end = key.find(self.delimiter, len(self.prefix)) if self.delimiter else -1
        return None if end < 0 else key[: end + len(self.delimiter)]

    def entries(self, keys: Iterable[str], after: str = "") -> Iterator[tuple[str, bool]]:
        """Return the keys, and common prefixes (true), that stand behind ``after``, in order.

        Python's order of strings is that of their UTF-8, which is S3's.
        """
        last = ""
        for key in sorted(key for key in keys if key.startswith(self.prefix)):
            prefix = self.rolled(key)
            if prefix is None:
                if key > after:
                    yield key, False
            elif prefix > after and prefix != last:
                last = prefix
                yield prefix, True

    def prefixes(self, found: Iterable[str]) -> list[XmlElement]:
        """Return common prefixes as S3 lists them."""
        return [("CommonPrefixes", [("Prefix", self.text(prefix))]) for prefix in found]


def whole_number(request: WsgiRequest, name: str, default: int, least: int = 0) -> int:
    """Read a parameter that is a whole number. Raises S3Error, 400."""
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
