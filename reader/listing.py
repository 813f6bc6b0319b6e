"""S3's ListObjectsV2 as HTTP has it: what to ask, and what the answer says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from reader.errors import Undecodable


def keys(ask: Callable[[dict[str, str]], bytes], prefix: str) -> Iterator[str]:
    """List keys, page by page, without folders' markers.

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
    query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
    token: dict[str, str] = {}
    while True:
        found, following = _page(ask(query | token))
        yield from found
        if following is None:
            return
        token = {"continuation-token": following}


def _page(xml: bytes) -> tuple[list[str], str | None]:
    try:
        root = ET.fromstring(xml)  # noqa: S314  of a function that is trusted
    except ET.ParseError:
        raise Undecodable("the answer to ListObjectsV2 is no XML") from None
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    if root.tag != f"{space}ListBucketResult":
        raise Undecodable(f"the answer to ListObjectsV2 is a {root.tag.removeprefix(space)}")
    # Encoded, for XML cannot hold every character of a key; S3 says whether it did.
    plain = unquote_plus if root.findtext(f"{space}EncodingType") == "url" else str
    listed = (
        (plain(entry.findtext(f"{space}Key", "")), entry.findtext(f"{space}Size"))
        for entry in root.iterfind(f"{space}Contents")
    )
    found = [key for key, size in listed if size != "0" or not key.endswith("/")]
    return found, root.findtext(f"{space}NextContinuationToken")
