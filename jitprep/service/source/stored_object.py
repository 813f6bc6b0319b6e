"""An original in a store that the server has opened, and which keys a store can name."""

from __future__ import annotations

import re
from dataclasses import field
from typing import Any

from preprocessing.frozen import frozen

# obstore refuses these in a path, and silently drops slashes at its ends: it would read another object.
_UNNAMEABLE = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|[\x00-\x1f\x7f]")


@frozen
class StoredObject:
    """An object of an opened store.

    Parameters
    ----------
    store : Folder, or a store of obstore
        As `jitprep.service.source.stores.open_store` returns it.
    key : str
        The key that the client asks for.
    path : str
        The object's name in the store.
    place : str
        The store as messages and cache keys name it, such as ``s3://bucket``; without secrets.
    version : str, optional
        The version ID; None for the current version.
    timeout_s : float
        Seconds that reading it may take, retries included.
    """

    store: Any = field(repr=False)
    key: str
    path: str
    place: str
    version: str | None = None
    timeout_s: float = 60.0

    @property
    def name(self) -> str:
        """The object's URL, which also identifies what is cached of it."""
        return f"{self.place}/{self.path}"

    @property
    def drawn_by_etag(self) -> bool:
        """Whether random steps draw by the ETag; else by the MD5 of the bytes.

        A file's ETag says when it was written. S3's is the MD5 of an object that was uploaded in one
        part, by which an access point draws, and so does the reader of a folder. So a file draws what
        it draws there, for the price of reading all of it where steps are random.
        """
        return not self.place.startswith("file:")


def nameable(path: str) -> bool:
    """Whether obstore reads the object of exactly this name.

    It cannot where a part between slashes is empty, ``.`` or ``..``, or where there is a control
    character.
    """
    return _UNNAMEABLE.search(path) is None
