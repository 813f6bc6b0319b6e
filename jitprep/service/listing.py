"""A bucket's listing, with the sizes and the ETags of the derived objects."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from jitprep.service.config import UnknownSizes, config
from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ListRequest, RequestMetrics, Response
from jitprep.service.results.derived_object import derived_etag
from jitprep.service.source.original import fetch
from preprocessing import Pipeline

# A thousand keys, the most that S3 lists at once, of a thousand bytes each, and room.
LARGEST = 8 * 2**20
# The storage class of an object whose Size is its original's, where such are to be marked.
MARK = "SIZE_OF_SOURCE"
# Of the original's bytes, so they would be wrong of the derived object's.
_CHECKSUMS = ("ChecksumAlgorithm", "ChecksumType")


def answer(
    request: ListRequest, pipeline: Pipeline, deadline: Deadline, metrics: RequestMetrics
) -> Response:
    """Read the bucket's listing, and answer with it as one of the derived objects."""
    with metrics.timed("fetch"), fetch(request.source, deadline) as original:
        xml = original.read(LARGEST)
    metrics.bytes_in = len(xml)
    with metrics.timed("transform"):
        body = derive(xml, pipeline, request.choice.seed, config().list_unknown_sizes)
    return Response(200, body, {"Content-Type": "application/xml"})


def derive(xml: bytes, pipeline: Pipeline, seed: int, unknown: UnknownSizes) -> bytes:
    """Return S3's listing as one of the derived objects.

    Parameters
    ----------
    xml : bytes
        The answer to ListObjects or ListObjectsV2.
    pipeline : Pipeline
    seed : int
        What the client wants random transforms to draw from.
    unknown : {"source", "hide", "mark"}
        What becomes of keys whose derived size depends on the object: they keep the original's Size,
        are left out, or get the storage class `MARK` beside the original's Size.

    Raises
    ------
    RequestFailed
        ``InvalidListing``.
    """
    try:
        root = ET.fromstring(xml)  # noqa: S314  # S3's own words, bounded
    except ET.ParseError:
        raise RequestFailed(
            400,
            "InvalidListing",
            "S3's listing is not XML, perhaps for a control character in a key: list with "
            "encoding-type=url",
        ) from None
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    size = pipeline.output.nbytes
    hidden = 0
    for contents in root.findall(f"{space}Contents"):
        if contents.findtext(f"{space}Size") == "0":
            continue  # a folder's marker, or an object of which nothing can be made
        if size is None and unknown == "hide":
            root.remove(contents)
            hidden += 1
        else:
            _derive(contents, space, pipeline.fingerprint, seed if pipeline.random else 0)
            _resize(contents, space, size, mark=unknown == "mark")
    if hidden:
        _uncount(root, space, hidden)
    whole: bytes = ET.tostring(
        root, encoding="utf-8", xml_declaration=True, default_namespace=space.strip("{}") or None
    )
    return whole


def _derive(contents: ET.Element, space: str, fingerprint: str, seed: int) -> None:
    etag = contents.find(f"{space}ETag")
    if etag is not None:
        etag.text = derived_etag(etag.text or "", fingerprint, seed)
    for name in _CHECKSUMS:
        for element in contents.findall(f"{space}{name}"):
            contents.remove(element)


def _resize(contents: ET.Element, space: str, size: int | None, *, mark: bool) -> None:
    if size is not None:
        _set(contents, f"{space}Size", str(size))
    elif mark:
        _set(contents, f"{space}StorageClass", MARK)


def _uncount(root: ET.Element, space: str, hidden: int) -> None:
    """Take the hidden keys out of ListObjectsV2's KeyCount."""
    count = root.findtext(f"{space}KeyCount")
    if count is not None:
        _set(root, f"{space}KeyCount", str(int(count) - hidden))


def _set(parent: ET.Element, tag: str, text: str) -> None:
    element = parent.find(tag)
    if element is None:
        element = ET.SubElement(parent, tag)
    element.text = text
