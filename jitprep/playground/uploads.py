"""`Uploads`: files that were dropped on the page, in a temporary folder until the process ends."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
import weakref
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from jitprep.playground.asks import AskRefused
from jitprep.playground.items import Item
from jitprep.service.source.source_errors import source_too_large
from preprocessing import Limits
from preprocessing.frozen import frozen

MOST_KEPT_BYTES = 10**9
_PIECE = 2**20
_ID_DIGITS = 16
# As long as a key of S3 may be. A name is only a label.
_LONGEST_NAME = 1024


@frozen
class _Upload:
    name: str
    nbytes: int


class Uploads:
    """Dropped files by id, which is the beginning of their SHA-256. The oldest are forgotten.

    Parameters
    ----------
    most_bytes : int
        Of all files together.
    """

    def __init__(self, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._kept: OrderedDict[str, _Upload] = OrderedDict()

    @cached_property
    def folder(self) -> Path:
        """Where the files are. It is removed with this object, and nobody else can read it."""
        made = tempfile.mkdtemp(prefix="jitprep-play-")
        weakref.finalize(self, shutil.rmtree, made, ignore_errors=True)
        return Path(made)

    async def receive(
        self, name: str, chunks: AsyncIterator[bytes], limits: Limits
    ) -> dict[str, Any]:
        """Store a file as it arrives, and return its id, name and size.

        Parameters
        ----------
        name : str
            Shown, and drawn from; never a path.
        chunks : asynchronous iterator of bytes
        limits : Limits
            Its ``source_bytes`` is what a file may have.

        Raises
        ------
        RequestFailed
            ``ObjectTooLarge``, as soon as too much has arrived.
        """
        incoming = await asyncio.to_thread(_Incoming, self.folder, limits.source_bytes)
        try:
            pending, size = [], 0
            async for chunk in chunks:
                pending.append(chunk)
                size += len(chunk)
                if size >= _PIECE:
                    await asyncio.to_thread(incoming.write, b"".join(pending))
                    pending, size = [], 0
            await asyncio.to_thread(incoming.write, b"".join(pending))
            return self._keep(incoming, name[:_LONGEST_NAME])
        finally:
            incoming.discard()

    def read(self, id_: str) -> Item:
        """Return a file. Raises AskRefused where it was forgotten, or never was."""
        with self._lock:
            upload = self._kept.get(id_)
        if upload is not None:
            with suppress(FileNotFoundError):  # forgotten in this moment
                return Item(upload.name, upload.name, None, self._path(id_).read_bytes())
        raise AskRefused("this file is no longer kept; drop it on the page again")

    def _keep(self, incoming: _Incoming, name: str) -> dict[str, Any]:
        id_ = incoming.digest[:_ID_DIGITS]
        with self._lock:
            incoming.move_to(self._path(id_))
            self._kept.pop(id_, None)
            self._kept[id_] = _Upload(name or id_, incoming.nbytes)
            while sum(one.nbytes for one in self._kept.values()) > self._most_bytes:
                oldest, _ = self._kept.popitem(last=False)
                self._path(oldest).unlink(missing_ok=True)
        return {"upload": id_, "name": name or id_, "nbytes": incoming.nbytes}

    def _path(self, id_: str) -> Path:
        return self.folder / id_


class _Incoming:
    """A file that is not complete yet."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        opened, path = tempfile.mkstemp(dir=folder)
        self._path, self._file = Path(path), os.fdopen(opened, "wb")
        self._hash, self._most_bytes = hashlib.sha256(), most_bytes
        self.nbytes = 0

    def write(self, piece: bytes) -> None:
        """Append a piece. Raises RequestFailed beyond the limit."""
        self.nbytes += len(piece)
        if self.nbytes > self._most_bytes:
            raise source_too_large(self.nbytes, self._most_bytes)
        self._hash.update(piece)
        self._file.write(piece)

    @property
    def digest(self) -> str:
        """The SHA-256 of what was written."""
        return self._hash.hexdigest()

    def move_to(self, path: Path) -> None:
        """Name the complete file."""
        self._file.close()
        self._path.replace(path)

    def discard(self) -> None:
        """Remove the file, unless it was named."""
        self._file.close()
        self._path.unlink(missing_ok=True)
