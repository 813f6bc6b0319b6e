"""What stands beside a derived object, whose name in S3 it bears, and how a stored copy is known.

S3 keeps one set of metadata for each object. The owner's own passes through; ours stands beside it, each
name under `PREFIX`, so that neither is ever taken for the other.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from preprocessing import Pipeline

# How the name of each piece of metadata of ours begins.
PREFIX = "jitprep-"
# Metadata of the original's under our prefix, as where it is a copy itself, is renamed and kept: nothing
# of ours begins so, and no two names become one.
_OF_ORIGINAL = f"{PREFIX}original-"
SOURCE_ETAG = f"{PREFIX}source-etag"
_PIPELINE = f"{PREFIX}pipeline"
_FINGERPRINT = f"{PREFIX}fingerprint"
_SEED = f"{PREFIX}seed"
_MARK = f"{PREFIX}mark"
# S3 takes 2 KB of metadata, names included.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
MOST_METADATA = 2048
# Bytes of a key in UTF-8.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_MOST_KEY = 1024

# S3's answers to a write whose condition does not hold, and to one that another write is about to end.
CONFLICT, FAILED = 409, 412


class MetadataTooLarge(ValueError):
    """Metadata that S3 does not take: the owner's and ours together have too many bytes."""


class KeyTooLong(ValueError):
    """A key that no object can have: the original's is too long to stand below the folder."""


class ConditionsNotHonoured(Exception):
    """A store that refuses a write on condition that what is there is there, though it is."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is at a copy's place already.

    Parameters
    ----------
    name : str
        Its key, less the folder of the copies.
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
        """Return what boto3's answer to a HEAD says; stores differ in how they write headers' names."""
        metadata = {key.lower(): value for key, value in head["Metadata"].items()}
        return cls(name, head["ETag"], head["ContentLength"], metadata)

    @property
    def is_copy(self) -> bool:
        """Whether jitprep made it for this place, and so may write over it."""
        return self.metadata.get(_MARK) == _mark(self.name, self.metadata, self.length)

    def is_current(self, pipeline: Pipeline, source_etag: str, seed: int) -> bool:
        """Whether it is the copy that the pipeline would make of the original now.

        Parameters
        ----------
        pipeline : Pipeline
        source_etag : str
            The original's as it is now, in quotes.
        seed : int
            What random transforms would draw from.
        """
        wanted = {_FINGERPRINT: pipeline.fingerprint, SOURCE_ETAG: source_etag}
        if pipeline.random:
            wanted[_SEED] = str(seed)
        return self.is_copy and wanted.items() <= dict(self.metadata).items()


def ours(metadata: Mapping[str, str], source_etag: str | None = None) -> dict[str, str]:
    """Return what stands beside a derived object of ours: how it was made.

    Parameters
    ----------
    metadata : mapping of str to str
        What the pipeline says.
    source_etag : str, optional
        The original's, in quotes; None where there are many.
    """
    named = {f"{PREFIX}{name}": value for name, value in metadata.items()}
    return named if source_etag is None else {**named, SOURCE_ETAG: source_etag}


def owners(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the original's metadata as the derived object has it: all of it.

    What is not ASCII is written as S3 itself sends it, by RFC 2047; some stores send the bytes as they
    are.
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
        The original's key, or what of it stands below the folder.

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
    """Return a copy's metadata as it is stored: with the mark by which `Found` knows it.

    The text of the pipeline is left out where the metadata would be too large with it, since its
    fingerprint says the same. The owner's metadata never is.

    Parameters
    ----------
    name : str
        The copy's key, less the folder of the copies.
    metadata : mapping of str to str
        The owner's and ours.
    length : int
        The copy's, in bytes.

    Raises
    ------
    MetadataTooLarge
    """
    stored = {**metadata, _MARK: _mark(name, metadata, length)}
    if _size(stored) > MOST_METADATA:
        stored.pop(_PIPELINE, None)
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
    """Write a copy over what was looked at, and over nothing else; return whether it was written.

    Stores differ in how a condition names an ETag: AWS takes it with its quotes and without, Ceph
    without, and RFC 9110 wants them. So both are tried, and the second only while there is what was
    looked at.

    Parameters
    ----------
    write : callable
        Takes PutObject's condition; returns 200, `CONFLICT` or `FAILED`.
    look : callable
        Returns what is there now.
    before : Found, optional
        What was looked at; None for nothing.

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
        "this store refuses to write over an object on condition that it is unchanged (If-Match), "
        "though it is: delete it, or choose another place"
    )


def _mark(name: str, metadata: Mapping[str, str], length: int) -> str:
    """Return a digest of what makes an object a copy, such as no owner's metadata has by chance.

    It stands for this place and length alone: an object that was given a copy's metadata is not a copy.
    """
    made = [metadata.get(key, "") for key in (_FINGERPRINT, SOURCE_ETAG, _SEED)]
    text = "\0".join(("jitprep copy", name, *made, str(length)))
    return hashlib.sha256(text.encode()).hexdigest()


def _size(metadata: Mapping[str, str]) -> int:
    """Return how many bytes metadata has, as S3 counts them: all of it is ASCII."""
    return sum(len(name) + len(value) for name, value in metadata.items())


def _encoded_word(value: str) -> str:
    """Return a value by RFC 2047, given each of its bytes as a character, as http.client reads them."""
    raw = value.encode("latin-1", "strict") if max(value) <= "\xff" else value.encode()
    try:
        raw.decode()
        charset = "UTF-8"
    except UnicodeDecodeError:
        charset = "ISO-8859-1"
    return f"=?{charset}?B?{base64.b64encode(raw).decode()}?="
