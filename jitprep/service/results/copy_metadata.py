"""Metadata of derived objects and stored copies, and conditional writes of copies.

S3 keeps one set of metadata per object. The owner's passes through unchanged; ours is added to it, each
name under `PREFIX`, so that the two cannot be confused.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.pipeline import AnyPipeline

# The prefix of all our names.
PREFIX = "jitprep-"
# The original's metadata under our prefix, as where it is a copy itself, is kept under this one. None of
# our own names begins so, and renaming makes no two names equal.
_OF_ORIGINAL = f"{PREFIX}original-"
SOURCE_ETAG = f"{PREFIX}source-etag"
_PIPELINE = f"{PREFIX}pipeline"
_FINGERPRINT = f"{PREFIX}fingerprint"
_GEOMETRY = f"{PREFIX}geometry"
_SEED = f"{PREFIX}seed"
_MARK = f"{PREFIX}mark"
# S3 takes 2 KB of metadata, names included.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
MOST_METADATA = 2048
# Bytes of a key in UTF-8.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_MOST_KEY = 1024

# S3's statuses for a conditional write: another write is in progress; the condition does not hold.
CONFLICT, FAILED = 409, 412


class MetadataTooLarge(ValueError):
    """The owner's metadata and ours together exceed what S3 takes."""


class KeyTooLong(ValueError):
    """A copy's key is longer than S3 allows."""


class ConditionsNotHonoured(Exception):
    """A store refuses a conditional write (If-Match) although the object is unchanged."""


@frozen
class Found:
    """An object that exists at a copy's key.

    Parameters
    ----------
    name : str
        Its key, without the folder of the copies.
    etag : str
        Its own, in quotes.
    length : int
        In bytes.
    metadata : mapping of str to str
        boto3's ``Metadata``, names in lower case.
    """

    name: str
    etag: str
    length: int
    metadata: Mapping[str, str]

    @classmethod
    def of(cls, name: str, head: Mapping[str, Any]) -> Found:
        """Read boto3's answer to a HEAD; stores differ in the case of headers' names."""
        metadata = {key.lower(): value for key, value in head["Metadata"].items()}
        return cls(name, head["ETag"], head["ContentLength"], metadata)

    @property
    def is_copy(self) -> bool:
        """Whether jitprep wrote it at this key, and so may overwrite it."""
        return self.metadata.get(_MARK) == _mark(self.name, self.metadata, self.length)

    def is_current(self, pipeline: AnyPipeline, source_etag: str, seed: int) -> bool:
        """Return whether it is the copy that the pipeline would make of the original now.

        Parameters
        ----------
        pipeline : Pipeline or ShardPipeline
        source_etag : str
            The original's current ETag, in quotes.
        seed : int
            What random transforms draw from.
        """
        wanted = {_FINGERPRINT: pipeline.fingerprint, SOURCE_ETAG: source_etag}
        if pipeline.random:
            wanted[_SEED] = str(seed)
        return self.is_copy and wanted.items() <= dict(self.metadata).items()


def owner_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the original's metadata as the derived object has it.

    Nothing is left out. Values that are not ASCII are encoded by RFC 2047, as S3 itself sends them; some
    stores send raw bytes.
    """
    kept = {}
    for name, value in metadata.items():
        lower = name.lower()
        if lower.startswith(PREFIX):
            lower = f"{_OF_ORIGINAL}{lower.removeprefix(PREFIX)}"
        kept[lower] = value if value.isascii() else _encoded_word(value)
    return kept


def key_of(prefix: str, name: str) -> str:
    """Return a copy's key.

    Parameters
    ----------
    prefix : str
        The folder of the copies.
    name : str
        The original's key, or its part below the source's folder.

    Raises
    ------
    KeyTooLong
    """
    key = prefix + name
    if (size := len(key.encode("utf-8", "surrogatepass"))) > _MOST_KEY:
        raise KeyTooLong(
            f"the copy's key would have {size} bytes, and S3 takes {_MOST_KEY}; choose a shorter prefix"
        )
    return key


def storable(name: str, metadata: Mapping[str, str], length: int) -> dict[str, str]:
    """Return a copy's metadata as it is stored, with the mark that `Found` recognises.

    Where the metadata would be too large, the pipeline's text is left out, since the fingerprint
    identifies it, and then the geometry, which follows from the original. The owner's metadata is never
    left out.

    Parameters
    ----------
    name : str
        The copy's key, without the folder of the copies.
    metadata : mapping of str to str
        The owner's and ours.
    length : int
        The copy's, in bytes.

    Raises
    ------
    MetadataTooLarge
    """
    stored = {**metadata, _MARK: _mark(name, metadata, length)}
    for less in (_PIPELINE, _GEOMETRY):
        if _size(stored) > MOST_METADATA:
            stored.pop(less, None)
    if (size := _size(stored)) > MOST_METADATA:
        raise MetadataTooLarge(
            f"the original's metadata and the copy's own have {size} bytes, and S3 takes "
            f"{MOST_METADATA}; shorten the original's"
        )
    return stored


def put(
    write: Callable[[Mapping[str, str]], int],
    look: Callable[[], Found | None],
    before: Found | None,
) -> bool:
    """Write a copy if the key is unchanged since it was looked at; return whether it was written.

    Stores differ in how a condition names an ETag: AWS accepts it with and without quotes, Ceph without,
    and RFC 9110 requires them. Both are tried, the second only while the key is unchanged.

    Parameters
    ----------
    write : callable
        Takes PutObject's condition; returns 200, `CONFLICT` or `FAILED`.
    look : callable
        Returns the object at the key now; None where there is none.
    before : Found, optional
        The object that was at the key; None where there was none.

    Raises
    ------
    ConditionsNotHonoured
        Where the store refuses both.
    """
    if before is None:
        return write({"IfNoneMatch": "*"}) not in {CONFLICT, FAILED}
    for etag in (before.etag.strip('"'), before.etag):
        status = write({"IfMatch": etag})
        if status != FAILED:
            return status != CONFLICT
        if look() != before:
            return False
    raise ConditionsNotHonoured(
        "this store refuses a conditional overwrite (If-Match) of an unchanged object; delete it, or "
        "choose another output"
    )


def _mark(name: str, metadata: Mapping[str, str], length: int) -> str:
    """Return a digest that identifies a copy; an owner's metadata cannot have it by chance.

    It covers the key and the length, so another object with a copy's metadata is not taken for a copy.
    """
    made = [metadata.get(key, "") for key in (_FINGERPRINT, SOURCE_ETAG, _SEED)]
    text = "\0".join(("jitprep copy", name, *made, str(length)))
    return hashlib.sha256(text.encode()).hexdigest()


def _size(metadata: Mapping[str, str]) -> int:
    """Return the size of metadata in bytes, as S3 counts it; all of it is ASCII."""
    return sum(len(name) + len(value) for name, value in metadata.items())


def _encoded_word(value: str) -> str:
    """Encode a value by RFC 2047; http.client has decoded each of its bytes to a character (Latin-1)."""
    raw = value.encode("latin-1", "strict") if max(value) <= "\xff" else value.encode()
    try:
        raw.decode()
        charset = "UTF-8"
    except UnicodeDecodeError:
        charset = "ISO-8859-1"
    return f"=?{charset}?B?{base64.b64encode(raw).decode()}?="
