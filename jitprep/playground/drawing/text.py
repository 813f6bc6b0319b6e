"""Texts: the beginnings of documents, as many as a page can hold."""

from __future__ import annotations

from jitprep.playground.drawing.view import View
from preprocessing.media import Array, TextSpec

# Documents, characters of one, and of all.
_DOCUMENTS, _EACH, _ALL = 64, 20_000, 200_000


def draw_text(array: Array) -> View:
    """Show texts, (documents,) of ``str``; ``more["characters"]`` has their whole lengths."""
    shown, left = [], _ALL
    for text in array[:_DOCUMENTS]:
        if left <= 0:
            break
        shown.append(text[: min(_EACH, left)])
        left -= len(shown[-1])
    lengths = [len(text) for text in array[: len(shown)]]
    return View(
        "text",
        f"{TextSpec(len(array))}, {sum(map(len, array)):,} characters",
        how=_left_out(shown, lengths, len(array)),
        count=len(array),
        texts=tuple(shown),
        more={"characters": lengths},
    )


def _left_out(shown: list[str], lengths: list[int], count: int) -> str:
    parts = []
    if len(shown) < count:
        parts.append(f"the first {len(shown):,} of {count:,} texts")
    if any(len(text) < length for text, length in zip(shown, lengths, strict=True)):
        parts.append("the beginnings of long texts")
    return f"{' and '.join(parts)} are shown" if parts else ""
