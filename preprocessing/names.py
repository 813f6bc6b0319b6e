"""Names of objects and files: hidden ones, printable ones, and ones that no object can have."""

from __future__ import annotations

import re

# Files that Windows and macOS add to folders and archives.
_LEFT_BEHIND = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"})
# Control characters, and the surrogates that stand for bytes that are not UTF-8 (PEP 383).
_ODD = re.compile("[\x00-\x1f\x7f-\x9f\udc80-\udcff]")


def is_hidden(key: str, prefix: str = "") -> bool:
    """Whether an object is hidden or a desktop's own file: ``.DS_Store``, ``Thumbs.db``, ``.git/x``.

    Parameters
    ----------
    key : str
        A key, or a path in a folder.
    prefix : str
        Prefix of the requested keys. Names in the prefix were asked for, so they do not hide an object.
    """
    start = prefix.rfind("/") + 1
    names = key[start:].split("/")
    if prefix[start:].startswith(".") or prefix[start:] == names[0]:
        names = names[1:]
    return any(map(_hides, names))


def _hides(name: str) -> bool:
    # "." and ".." are ordinary names in a bucket.
    return name.lower() in _LEFT_BEHIND or (name.startswith(".") and name not in {".", ".."})


def as_text(name: str) -> str:
    """Return a name as printable text, with control characters and bytes that are not UTF-8 escaped."""
    escaped = _ODD.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", name)
    return escaped.encode("utf-8", "backslashreplace").decode("utf-8")


def is_utf8(name: str) -> bool:
    """Whether a file name, as Python decoded it, can be the key of an object."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
