"""A page of a listing, parsed from the XML that S3 writes."""

from __future__ import annotations

from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from preprocessing.frozen import frozen


@frozen
class ListedPage:
    """What a response to ListObjectsV2 says.

    Parameters
    ----------
    document : str
        Name of the XML document: ``ListBucketResult``.
    objects : tuple of (str, int)
        Key and size of each object.
    prefixes : tuple of str
        Common prefixes.
    truncated : bool
        Whether the response says that there are more.
    token : str, optional
        Continuation token of the next page.
    """

    document: str
    objects: tuple[tuple[str, int], ...]
    prefixes: tuple[str, ...]
    truncated: bool
    token: str | None


def parse_listed_page(xml: bytes) -> ListedPage:
    """Parse a response to ListObjectsV2, with or without a namespace.

    Raises
    ------
    ValueError
        Where it is not XML.
    """
    try:
        root = ET.fromstring(xml)  # noqa: S314  of a store or function that is trusted
    except (ET.ParseError, LookupError) as error:  # the last for an unknown encoding
        raise ValueError("the listing is not XML") from error
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    # Keys are URL-encoded, because XML cannot hold every character. AWS writes a space as a plus sign.
    plain = unquote_plus if root.findtext(f"{space}EncodingType") == "url" else str
    return ListedPage(
        root.tag.removeprefix(space),
        tuple(
            (plain(found.findtext(f"{space}Key", "")), int(found.findtext(f"{space}Size") or 0))
            for found in root.iterfind(f"{space}Contents")
        ),
        tuple(
            plain(found.findtext(f"{space}Prefix", ""))
            for found in root.iterfind(f"{space}CommonPrefixes")
        ),
        root.findtext(f"{space}IsTruncated") == "true",
        root.findtext(f"{space}NextContinuationToken"),
    )
