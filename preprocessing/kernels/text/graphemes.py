"""Truncation of texts between the grapheme clusters of UAX #29."""

from __future__ import annotations

from preprocessing.cancellation import checkpoint


def truncate(text: str, length: int) -> str:
    """Return the longest prefix of at most `length` characters that splits no cluster."""
    if len(text) <= length:
        return text
    about = text[length - 1 : length + 1]
    if about.isascii() and about != "\r\n":  # each ASCII character is a cluster
        return text[:length]
    from wcwidth import iter_graphemes  # noqa: PLC0415  only for other than ASCII

    end = text.rfind("\n", 0, length) + 1  # a cluster ends at a line's end
    for cluster in iter_graphemes(text, end):
        checkpoint()
        if end + len(cluster) > length:
            break
        end += len(cluster)
    return text[:end]
