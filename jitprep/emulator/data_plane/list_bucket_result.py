"""Converts ``listBucketResult``, a function's listing in JSON, to S3's XML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from jitprep.emulator.s3_xml import DECLARATION, NAMESPACE, UNWRITABLE, xml_text


class MalformedListing(ValueError):
    """The JSON is not a listing; the message says why."""


@dataclass(frozen=True)
class _Field:
    """A field of the JSON, its XML element and its type."""

    name: str
    element: str
    kind: type | tuple[_Field, ...] = str
    required: bool = False
    many: bool = False


_OWNER = (_Field("id", "ID"), _Field("displayName", "DisplayName"))
_OBJECT = (
    _Field("key", "Key", required=True),
    _Field("lastModified", "LastModified"),
    _Field("eTag", "ETag"),
    _Field("checksumAlgorithm", "ChecksumAlgorithm"),
    _Field("size", "Size", int, required=True),
    _Field("owner", "Owner", _OWNER),
    _Field("storageClass", "StorageClass"),
)
# The fields of both actions, in the order in which S3 writes them.
_RESULT = (
    _Field("name", "Name", required=True),
    _Field("prefix", "Prefix"),
    _Field("marker", "Marker"),
    _Field("startAfter", "StartAfter"),
    _Field("continuationToken", "ContinuationToken"),
    _Field("nextMarker", "NextMarker"),
    _Field("nextContinuationToken", "NextContinuationToken"),
    _Field("keyCount", "KeyCount", int),
    _Field("maxKeys", "MaxKeys", int, required=True),
    _Field("delimiter", "Delimiter"),
    _Field("encodingType", "EncodingType"),
    _Field("isTruncated", "IsTruncated", bool, required=True),
    _Field("contents", "Contents", _OBJECT, many=True),
    _Field(
        "commonPrefixes", "CommonPrefixes", (_Field("prefix", "Prefix", required=True),), many=True
    ),
)
_NAMES = {str: "a string", int: "a whole number", bool: "true or false"}


def listing_xml(result: object) -> bytes:
    """Return a ``listBucketResult`` as S3's XML.

    Raises
    ------
    MalformedListing
        If a required field is missing, or a field has the wrong type.
    """
    inner = "".join(_elements(_RESULT, result, "listBucketResult"))
    root = f'<ListBucketResult xmlns="{NAMESPACE}">{inner}</ListBucketResult>'
    return (DECLARATION + root).encode()


def _elements(fields: tuple[_Field, ...], value: object, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        raise MalformedListing(f"{where} is {json.dumps(value)}; it must be an object.")
    for field in fields:
        inner = f"{where}.{field.name}"
        item = value.get(field.name)
        if item is None and field.required:
            raise MalformedListing(f"{inner} is missing.")
        if item is None:
            continue
        if field.many and not isinstance(item, list):
            raise MalformedListing(f"{inner} is {json.dumps(item)}; it must be a list.")
        for index, one in enumerate(item) if field.many else [(None, item)]:
            place = inner if index is None else f"{inner}[{index}]"
            yield f"<{field.element}>{_content(field, one, place)}</{field.element}>"


def _content(field: _Field, value: object, where: str) -> str:
    if isinstance(field.kind, tuple):
        return "".join(_elements(field.kind, value, where))
    # In Python, unlike JSON, True is an integer.
    if type(value) is not field.kind or (field.kind is int and str(value).startswith("-")):
        raise MalformedListing(f"{where} is {json.dumps(value)}; it must be {_NAMES[field.kind]}.")
    if field.kind is not str:
        return json.dumps(value)
    text = str(value)
    if found := UNWRITABLE.search(text):
        raise MalformedListing(
            f"{where} contains {found[0]!r}, which XML cannot represent. Percent-encode the keys, and "
            "set encodingType to url."
        )
    return xml_text(text)
