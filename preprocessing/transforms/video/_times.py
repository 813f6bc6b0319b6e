"""Times as they are written."""

from fractions import Fraction


def seconds(value: float) -> Fraction:
    """Return a time as it is written: 0.1 is a tenth, and not the nearest binary fraction."""
    return Fraction(repr(value))
