"""Names of objects and files: which are hidden, and which no object can have."""

from __future__ import annotations

import re

# What Windows and macOS write into folders, and into archives of them.
_LEFT_BEHIND = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"})
# Controls; and how Python spells the bytes of a name that is not UTF-8 (PEP 383).
_ODD = re.compile("[\x00-\x1f\x7f-\x9f\udc80-\udcff]")


def is_hidden(key: str, prefix: str = "") -> bool:
    """Whether an object is hidden, or left by a desktop: ``.DS_Store``, ``Thumbs.db``, ``.git/x``.

    Parameters
    ----------
    key : str
        A key, or a path in a folder.
    prefix : str
        How the keys that are asked for begin: the names in it are asked for, and so not judged.
    """
    start = prefix.rfind("/") + 1
    names = key[start:].split("/")
    if prefix[start:].startswith(".") or prefix[start:] == names[0]:
        names = names[1:]
    return any(map(_hides, names))


def _hides(name: str) -> bool:
    # "." and ".." are names like others in a bucket.
    return name.lower() in _LEFT_BEHIND or (name.startswith(".") and name not in {".", ".."})


def as_text(name: str) -> str:
    """Return a name as text that can be printed: what is not UTF-8, or controls a terminal, escaped."""
    escaped = _ODD.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", name)
    return escaped.encode("utf-8", "backslashreplace").decode("utf-8")


def is_utf8(name: str) -> bool:
    """Whether the name of a file, as Python has it, could be the key of an object."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
