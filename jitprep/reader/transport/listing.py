"""S3's ListObjectsV2 over HTTP: query parameters, and parsing of the response."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from jitprep.reader.errors import Undecodable
from jitprep.service.source.stored.listed_page import parse_listed_page
from preprocessing.names import as_text, is_hidden

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """Object in a listing.

    Parameters
    ----------
    key : str
    size : int
        In bytes, of the original or of its result.
    """

    key: str
    size: int


def visible_keys(entries: Iterable[Entry], prefix: str) -> Iterator[str]:
    """Yield the keys that `Reader.keys` describes, and log hidden ones."""
    hidden, first = 0, ""
    for entry in entries:
        # The marker of the folder that a prefix names has no key of its own below it.
        if not entry.key or (entry.key.endswith("/") and not entry.size):
            continue
        if is_hidden(entry.key, prefix):
            hidden, first = hidden + 1, first or entry.key
        else:
            yield entry.key
    if hidden:
        _log.warning("%d hidden objects are not listed, such as %s", hidden, as_text(first))


def list_keys(ask: Callable[[dict[str, str]], bytes], prefix: str) -> Iterator[str]:
    """List keys page by page, as `Reader.keys` describes.

    Parameters
    ----------
    ask : callable
        Sends a request with these query parameters, and returns the XML of the response.
    prefix : str

    Raises
    ------
    Undecodable
        Where the response is not a listing.
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
    """Return the query parameter for the next page.

    Raises
    ------
    Undecodable
        Where the continuation token is missing, or is that of the page before.
    """
    if not following or before == {name: following}:
        raise Undecodable(
            "the listing is truncated, and has no continuation token for the next page"
        )
    return {name: following}


def _page(xml: bytes) -> tuple[list[Entry], str | None]:
    try:
        page = parse_listed_page(xml)
    except ValueError:
        raise Undecodable("the response to ListObjectsV2 is not XML") from None
    if page.document != "ListBucketResult":
        raise Undecodable(f"the response to ListObjectsV2 is a {page.document}")
    following = (page.token or "") if page.truncated else page.token
    return [Entry(key, size) for key, size in page.objects], following
