"""`TextPreview`: a text and the result, text or tokens, side by side as HTML."""

from __future__ import annotations

from html import escape
from itertools import zip_longest
from typing import TYPE_CHECKING

from preprocessing.frozen import frozen
from preprocessing.preview.base import Preview

if TYPE_CHECKING:
    from preprocessing.media import Array

# Documents shown, and characters and tokens shown of each.
_DOCUMENTS = 8
_CHARACTERS = 2_000
_TOKENS = 256
_CELL = "text-align:left;vertical-align:top;white-space:pre-wrap;overflow-wrap:anywhere"


@frozen
class TextPreview(Preview):
    """A preview that is an HTML page.

    Parameters
    ----------
    caption : str
    before, after : tuple of str
        The beginnings of documents.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def body(self) -> str:
        rows = zip_longest(self.before, self.after, fillvalue="")
        cells = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
        return f"<table><tr><th>before</th><th>after</th></tr>{cells}</table>"


def texts(documents: Array) -> tuple[str, ...]:
    """Return the beginnings of the first documents of an array of texts, (documents,)."""
    return tuple(
        text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}…"
        for text in documents[:_DOCUMENTS]
    )


def numbers(tokens: Array) -> tuple[str, ...]:
    """Return the first numbers of the first documents of an array of tokens, (2, documents, length).

    Masked tokens at the end are counted instead of shown.
    """
    return tuple(map(_numbers, *tokens[:, :_DOCUMENTS]))


def _numbers(row: Array, mask: Array) -> str:
    counting = row[mask != 0]
    shown = " ".join(map(str, counting[:_TOKENS]))
    more = "…" * (len(counting) > _TOKENS)
    left_out = len(row) - len(counting)
    return f"{shown}{more}" + (f" (and {left_out} masked)" if left_out else "")


def _cell(text: str) -> str:
    return f'<td style="{_CELL}">{escape(text)}</td>'
