"""Writer of shards for WebDataset: tar files, in which the members of a sample share a name."""

from __future__ import annotations

import base64
import json
import posixpath
import re
import tarfile
from io import BytesIO
from itertools import chain, count
from typing import IO, Any
from urllib.parse import quote

from jitprep.backfill.listing import ListedObject
from jitprep.backfill.reading import Copy
from preprocessing import Pipeline

# WebDataset ends a sample's name at the first dot after the last slash, so dots there are escaped, as
# are control characters, empty names, . and .. as names, and leading or trailing slashes. Escaping %
# keeps names distinct.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f%]|^/|(?:^|(?<=/))\.{1,2}(?=/)|\.(?=[^/]*/?$)|/$")

_ROW = re.compile(r"(?P<table>.+)\.parquet#(?P<row>\d+)", re.DOTALL)


class TarWriter:
    """Writer of one shard.

    Each copy is ``<key without suffix>.<suffix of the encoding>``, with its metadata in ``.json``. Equal
    copies give equal bytes: members have no time and no owner.

    Parameters
    ----------
    file : file
        Open for writing.
    pipeline : Pipeline
    """

    def __init__(self, file: IO[bytes], pipeline: Pipeline) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._suffix = pipeline.encoding.suffix
        self._names: set[str] = set()

    def add(self, original: ListedObject, copy: Copy) -> None:
        """Write a copy and its metadata."""
        name = self._name(original.key)
        about: dict[str, Any] = {
            "key": original.key,
            "etag": original.etag,
            "content-type": copy.content_type,
            "metadata": copy.metadata,
        }
        if copy.columns is not None:
            about["columns"] = copy.columns
        self._add(f"{name}.{self._suffix}", copy.body)
        self._add(f"{name}.json", json.dumps(about, ensure_ascii=False, default=_plain).encode())

    def _name(self, key: str) -> str:
        """Return a name that no sample of the shard has yet.

        The first of the keys that differ only in their suffix loses it, and the others keep theirs.
        Where such a name is taken, as with ``a.jpg``, ``a.png`` and ``a.png.jpg``, a number is appended.
        """
        whole = sample_name(key)
        numbered = (
            f"{whole}%_{number}" for number in count(2)
        )  # not a valid escape, so it is unique
        names = chain([sample_name(_stem(key)), whole], numbered)
        name = next(name for name in names if name not in self._names)
        self._names.add(name)
        return name

    def close(self) -> None:
        """Write the end of the archive."""
        self._tar.close()

    def _add(self, name: str, body: bytes | bytearray) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(body)
        self._tar.addfile(member, BytesIO(body))


def _stem(key: str) -> str:
    """Return a key without its suffix; that of a table's row without the suffix of the table."""
    if row := _ROW.fullmatch(key):
        return f"{row['table']}#{row['row']}"
    return posixpath.splitext(key)[0]


def _plain(value: Any) -> str:
    """Return a value of a table that JSON does not have: bytes in base64, and others as text."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def sample_name(key: str) -> str:
    """Return a sample name for a key, distinct for each key: unsafe characters are percent-encoded."""
    return _UNSAFE.sub(lambda found: _escape(found[0]), key)


def _escape(text: str) -> str:
    return quote(text, safe="").replace(".", "%2E")
