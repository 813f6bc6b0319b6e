"""S3's ListObjectsV2 as HTTP has it: what to ask, and what the answer says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from jitprep.reader.errors import Undecodable
from preprocessing.names import as_text, is_hidden

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as S3 lists it.

    Parameters
    ----------
    key : str
    size : int
        In bytes: the original's, or what the function makes of it.
    """

    key: str
    size: int


def visible_keys(entries: Iterable[Entry], prefix: str) -> Iterator[str]:
    """Give the keys that may be samples, as `Reader.keys` describes; what is hidden is logged."""
    hidden, first = 0, ""
    for entry in entries:
        if entry.key.endswith("/") and not entry.size:
            continue
        if is_hidden(entry.key, prefix):
            hidden, first = hidden + 1, first or entry.key
        else:
            yield entry.key
    if hidden:
        _log.warning("%d hidden objects are not listed, such as %s", hidden, as_text(first))


def list_keys(ask: Callable[[dict[str, str]], bytes], prefix: str) -> Iterator[str]:
    """List keys, page by page, as `Reader.keys` describes.

    Parameters
    ----------
    ask : callable
        Takes the parameters of one request and returns the XML of its answer.
    prefix : str

    Raises
    ------
    Undecodable
        For an answer that is no listing; and what `ask` raises.
    """
    return visible_keys(_entries(ask, prefix), prefix)


def _entries(ask: Callable[[dict[str, str]], bytes], prefix: str) -> Iterator[Entry]:
    query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
    token: dict[str, str] = {}
    while True:
        found, following = _page(ask(query | token))
        yield from found
        if following is None:
            return
        token = next_page("continuation-token", following, token)


def next_page(name: str, following: str | None, before: dict[str, str]) -> dict[str, str]:
    """Return the parameter that asks for the next page, where there is one.

    Raises
    ------
    Undecodable
        For a listing that says that there is more and not where, or that begins anew.
    """
    if not following or before == {name: following}:
        raise Undecodable("the listing breaks off: it says that there is more, and not where")
    return {name: following}


def _page(xml: bytes) -> tuple[list[Entry], str | None]:
    try:
        root = ET.fromstring(xml)  # noqa: S314  of a function that is trusted
    except ET.ParseError:
        raise Undecodable("the answer to ListObjectsV2 is not XML") from None
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    if root.tag != f"{space}ListBucketResult":
        raise Undecodable(f"the answer to ListObjectsV2 is a {root.tag.removeprefix(space)}")
    # Encoded, for XML cannot hold every character of a key; S3 says whether it did.
    plain = unquote_plus if root.findtext(f"{space}EncodingType") == "url" else str
    found = [
        Entry(plain(entry.findtext(f"{space}Key", "")), int(entry.findtext(f"{space}Size") or 0))
        for entry in root.iterfind(f"{space}Contents")
    ]
    if root.findtext(f"{space}IsTruncated") == "true":
        return found, root.findtext(f"{space}NextContinuationToken") or ""
    return found, root.findtext(f"{space}NextContinuationToken")
