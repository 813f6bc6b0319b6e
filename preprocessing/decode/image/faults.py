"""Constructors of the errors for image files, with the same wording for every format."""

from __future__ import annotations

from preprocessing.errors import CorruptSource, UnsupportedSource

# The remedy for masks in files that change or hide their class ids.
LOSSLESS = "store the mask as PNG, with a palette or in gray"


def cut(name: str, what: object) -> CorruptSource:
    """Return the error for a file that ends too early.

    Parameters
    ----------
    name : str
        Of the format, as in "the PNG".
    what : object
        What is missing, and where.
    """
    return CorruptSource(f"the {name} is cut off ({what}); upload it again")


def damaged(name: str, what: object) -> CorruptSource:
    """Return the error for a file that contradicts itself or its own checksum."""
    return CorruptSource(f"the {name} is damaged ({what}); replace it with an intact copy")


def unsupported(name: str, what: str, remedy: str = "store it as PNG or JPEG") -> UnsupportedSource:
    """Return the error for a valid file with a feature that is not decoded."""
    return UnsupportedSource(f"the {name} has {what}, which is not decoded; {remedy}")
