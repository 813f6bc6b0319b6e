"""Texts cut to a length, between two grapheme clusters of UAX #29."""

from __future__ import annotations

from preprocessing.cancellation import checkpoint


def truncate(text: str, length: int) -> str:
    """Return the longest beginning of at most `length` characters that ends no cluster in its midst."""
    if len(text) <= length:
        return text
    about = text[length - 1 : length + 1]
    if about.isascii() and about != "\r\n":  # of two such characters each is by itself
        return text[:length]
    from wcwidth import iter_graphemes  # noqa: PLC0415  for what is not ASCII

    end = text.rfind("\n", 0, length) + 1  # nothing goes on behind a line's end
    for cluster in iter_graphemes(text, end):
        checkpoint()
        if end + len(cluster) > length:
            break
        end += len(cluster)
    return text[:end]
