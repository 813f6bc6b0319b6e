"""S3 Control's XML for manifest generators: parses what CreateJob asks for."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from jitprep.emulator.control.xml import invalid_request
from jitprep.emulator.jobs.elements import bucket_of, not_supported, parse_boolean, require_part
from jitprep.emulator.jobs.manifest_generator import FORMAT, ManifestFilter, ManifestGenerator

_ACCOUNT = re.compile(r"\d{12}")
_CLASSES = frozenset(
    {
        "STANDARD",
        "STANDARD_IA",
        "ONEZONE_IA",
        "GLACIER",
        "INTELLIGENT_TIERING",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
    }
)
# Rules on what the store inside does not keep.
_OTHER_RULES = ("EligibleForReplication", "ObjectReplicationStatuses", "MatchAnyObjectEncryption")
_RULES = frozenset(
    {
        "KeyNameConstraint",
        "CreatedAfter",
        "CreatedBefore",
        "ObjectSizeGreaterThanBytes",
        "ObjectSizeLessThanBytes",
        "MatchAnyStorageClass",
    }
)
_LONGEST_STRING, _LONGEST_PREFIX = 1024, 512


def parse_generator(element: ET.Element) -> ManifestGenerator:
    """Parse a ManifestGenerator.

    Raises
    ------
    S3Error
        InvalidRequest if a value is not allowed, NotImplemented if the endpoint does not support it.
    """
    generator = require_part(element, "S3JobManifestGenerator")
    owner = generator.findtext("ExpectedBucketOwner")
    if owner is not None and not _ACCOUNT.fullmatch(owner):
        raise invalid_request(f"ExpectedBucketOwner {owner!r} is not an account.")
    output = generator.find("ManifestOutputLocation")
    if not parse_boolean(generator, "EnableManifestOutput", ""):
        output = None
    elif output is None:
        raise invalid_request("EnableManifestOutput needs a ManifestOutputLocation.")
    return ManifestGenerator(
        bucket=bucket_of(generator, "SourceBucket"),
        filter=_filter(generator.find("Filter")),
        owner=owner,
        output=None if output is None else _output(output),
    )


def _output(element: ET.Element) -> tuple[str, str]:
    kind = element.findtext("ManifestFormat", "")
    if kind != FORMAT:
        raise invalid_request(f"ManifestFormat {kind!r} is not {FORMAT}.")
    if element.find("ManifestEncryption/SSE-KMS") is not None:
        raise not_supported("ManifestEncryption with SSE-KMS; use SSE-S3")
    prefix = element.findtext("ManifestPrefix", "")
    if len(prefix) > _LONGEST_PREFIX:
        raise invalid_request(f"ManifestPrefix has more than {_LONGEST_PREFIX} characters.")
    folder = prefix.strip("/")
    return bucket_of(element, "Bucket"), f"{folder}/" if folder else ""


def _filter(element: ET.Element | None) -> ManifestFilter:
    if element is None:
        return ManifestFilter()
    for rule in element:
        if rule.tag in _OTHER_RULES:
            raise not_supported(f"the filter {rule.tag}")
        if rule.tag not in _RULES:
            raise invalid_request(f"Filter has the unknown {rule.tag}.")
    names = element.find("KeyNameConstraint")
    classes = element.find("MatchAnyStorageClass")
    return ManifestFilter(
        prefix=_string(names, "MatchAnyPrefix"),
        suffix=_string(names, "MatchAnySuffix"),
        substring=_string(names, "MatchAnySubstring"),
        created_after=_time(element, "CreatedAfter"),
        created_before=_time(element, "CreatedBefore"),
        larger_than=_size(element, "ObjectSizeGreaterThanBytes"),
        smaller_than=_size(element, "ObjectSizeLessThanBytes"),
        storage_classes=None if classes is None else _storage_classes(classes),
    )


def _string(names: ET.Element | None, rule: str) -> str | None:
    element = None if names is None else names.find(rule)
    if element is None:
        return None
    values = [member.text or "" for member in element]
    if len(values) != 1 or not 1 <= len(values[0]) <= _LONGEST_STRING:
        raise invalid_request(f"{rule} must have one string, of 1 to {_LONGEST_STRING} characters.")
    return values[0]


def _time(element: ET.Element, rule: str) -> datetime | None:
    text = element.findtext(rule)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise invalid_request(
            f"{rule} {text!r} is not a time, as 2026-12-01T00:00:00Z is."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _size(element: ET.Element, rule: str) -> int | None:
    text = element.findtext(rule)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise invalid_request(f"{rule} {text!r} is not a number of bytes.")
    return int(text)


def _storage_classes(element: ET.Element) -> frozenset[str]:
    found = frozenset(member.text or "" for member in element)
    if not found or found - _CLASSES:
        raise invalid_request(
            f"MatchAnyStorageClass must have some of {', '.join(sorted(_CLASSES))}."
        )
    return found
