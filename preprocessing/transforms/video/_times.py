"""Times as exact fractions."""

from fractions import Fraction


def seconds(value: float) -> Fraction:
    """Return a time as its decimal fraction: 0.1 is a tenth, not the nearest binary fraction."""
    return Fraction(repr(value))
