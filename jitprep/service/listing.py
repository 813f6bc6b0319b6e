"""A bucket's listing, with the sizes and ETags of the derived objects."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from jitprep.service.config import Policy, UnknownSizes
from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ListRequest, Presigned, Response, Sources
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.results.derived_object import derived_etag
from jitprep.service.source.original import read_signed_page

if TYPE_CHECKING:
    from preprocessing.pipeline import AnyPipeline

# The storage class that marks an object whose Size is its original's.
MARK = "SIZE_OF_SOURCE"
# They are of the original's bytes, and so are removed.
_CHECKSUMS = ("ChecksumAlgorithm", "ChecksumType")


def read_listing(
    request: ListRequest,
    sources: Sources,
    pipeline: AnyPipeline,
    policy: Policy,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Response:
    """Read a page of the originals' listing, and answer with that of the derived objects."""
    with metrics.timed("fetch"):
        if isinstance(request.source, Presigned):
            xml = read_signed_page(request.source, deadline)
        else:
            xml = sources.list_page(request.source, deadline)
    metrics.bytes_in = len(xml)
    with metrics.timed("transform"):
        body = derive(xml, pipeline, request.choice.seed, policy.list_unknown_sizes)
    return Response(200, body, {"Content-Type": "application/xml"})


def derive(xml: bytes, pipeline: AnyPipeline, seed: int, unknown: UnknownSizes) -> bytes:
    """Return the listing of the derived objects for S3's listing of the originals.

    Parameters
    ----------
    xml : bytes
        The answer to ListObjects or ListObjectsV2.
    pipeline : Pipeline or ShardPipeline
    seed : int
        What random transforms draw from.
    unknown : {"source", "hide", "mark"}
        How to list keys whose derived size depends on the object: with the original's Size, not at
        all, or with the original's Size and the storage class `MARK`.

    Raises
    ------
    RequestFailed
        ``InvalidListing``.
    """
    try:
        root = ET.fromstring(xml)  # noqa: S314  # S3's own, bounded
    except (ET.ParseError, ValueError, LookupError):  # the last two for its encoding
        raise RequestFailed(
            400,
            "InvalidListing",
            "S3's listing is not XML, perhaps because of a control character in a key; list with "
            "encoding-type=url",
        ) from None
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    size = pipeline.output.nbytes
    hidden = 0
    for contents in root.findall(f"{space}Contents"):
        if contents.findtext(f"{space}Size") == "0":
            continue  # a folder's marker, or an object that cannot be transformed
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
    """Subtract the hidden keys from ListObjectsV2's KeyCount."""
    count = root.findtext(f"{space}KeyCount")
    if count is not None:
        _set(root, f"{space}KeyCount", str(int(count) - hidden))


def _set(parent: ET.Element, tag: str, text: str) -> None:
    element = parent.find(tag)
    if element is None:
        element = ET.SubElement(parent, tag)
    element.text = text
