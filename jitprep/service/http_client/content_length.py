"""The Content-Length of an answer, as both of our HTTP clients take it."""

from __future__ import annotations

import re

# Objects have fewer bytes, and Python converts at most 4,300 digits.
_LENGTH = re.compile(r"[0-9]{1,18}")


def content_length(value: str) -> int:
    """Return the length that a header says, whose repeated values are joined by commas.

    Raises
    ------
    ValueError
        Where it is not a number, or several that differ.
    """
    values = {each.strip() for each in value.split(",")}
    if len(values) != 1 or not _LENGTH.fullmatch(length := values.pop()):
        raise ValueError("the Content-Length is malformed")
    return int(length)
