"""`Item`: an object as it is looked at, whatever place it came from."""

from __future__ import annotations

from preprocessing.frozen import frozen


@frozen
class Item:
    """An object, read whole.

    Parameters
    ----------
    name : str
        For the page.
    key : str
        What random steps draw from.
    etag : str, optional
        The source's ETag, in quotes; None where it has none, and the content's MD5 stands for it.
    content : bytes
    """

    name: str
    key: str
    etag: str | None
    content: bytes
