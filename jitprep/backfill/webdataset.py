"""Shards as WebDataset reads them: tar files, in which a sample is members of one name."""

from __future__ import annotations

import json
import posixpath
import re
import tarfile
from io import BytesIO
from itertools import chain, count
from typing import IO
from urllib.parse import quote

from jitprep.backfill.listing import ListedObject
from jitprep.backfill.reading import Copy
from preprocessing import Pipeline

# A sample's name ends at the first dot behind the last slash, one that ends the key not counted, since
# that is none in the name; what tells lines, or folders above, apart
# has no place in a name of a file. %: so that no two keys have one name.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f%]|^/|(?:^|(?<=/))\.{1,2}(?=/)|\.(?=[^/]*/?$)|/$")


class TarWriter:
    """Writes a shard: of each copy ``<key, less its ending>.<the encoding's>``, and beside it ``.json``.

    Equal copies give equal bytes: members have no time and no owner.

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
        """Write a copy, and what is known of it."""
        name = self._name(original.key)
        about = {
            "key": original.key,
            "etag": original.etag,
            "content-type": copy.content_type,
            "metadata": copy.metadata,
        }
        self._add(f"{name}.{self._suffix}", copy.body)
        self._add(f"{name}.json", json.dumps(about, ensure_ascii=False).encode())

    def _name(self, key: str) -> str:
        """Return a name that no sample of the shard has yet.

        Keys that differ in their endings alone keep them, but for the first; and where another key's
        name is that, as of ``a.jpg``, ``a.png`` and ``a.png.jpg``, a number tells them apart.
        """
        whole = sample_name(key)
        numbered = (f"{whole}%_{number}" for number in count(2))  # which is not an escape
        names = chain([sample_name(posixpath.splitext(key)[0]), whole], numbered)
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


def sample_name(key: str) -> str:
    """Return a key as the name of a sample, no two keys as one: unsafe characters as in URLs."""
    return _UNSAFE.sub(lambda found: _escape(found[0]), key)


def _escape(text: str) -> str:
    return quote(text, safe="").replace(".", "%2E")
