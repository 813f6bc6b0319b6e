"""Tokens: their numbers, each with the piece of text that it stands for."""

from __future__ import annotations

from collections.abc import Sequence

from jitprep.playground.drawing.token_pieces import pieces_of_tokens
from jitprep.playground.drawing.view import TokenPiece, View
from preprocessing import Tokenize, TokensSpec, Transform
from preprocessing.media import Array

# Documents, and tokens of one and of all.
_DOCUMENTS, _EACH, _ALL = 64, 2048, 16_384


def draw_tokens(array: Array, steps: Sequence[Transform] = ()) -> View:
    """Show tokens, (2, documents, length) int32: the ids and the mask.

    ``more["counts"]`` has for each document that is shown how many tokens the mask leaves in.

    Parameters
    ----------
    array : ndarray
    steps : sequence of Transform
        The steps that made them. Without a `Tokenize` among them, what a token stands for is unknown.
    """
    _, documents, length = array.shape
    step = next((step for step in reversed(steps) if isinstance(step, Tokenize)), None)
    each = min(length, _EACH)
    shown = min(documents, _DOCUMENTS, max(_ALL // max(each, 1), 1))
    rows = tuple(
        _row(step, ids[:each].tolist(), mask[:each].tolist())
        for ids, mask in zip(*array[:, :shown], strict=True)
    )
    return View(
        "tokens",
        f"tokens {TokensSpec(documents, length)}",
        how=_unseen(step, shown < documents, each < length),
        count=documents,
        tokens=rows,
        more={
            "counts": [int(count) for count in (array[1, :shown] != 0).sum(axis=1)],
            "tokenizer": "" if step is None else step.file,
        },
    )


def _row(step: Tokenize | None, ids: list[int], mask: list[int]) -> tuple[TokenPiece, ...]:
    if step is None:
        return tuple(
            TokenPiece(number, "", not kept) for number, kept in zip(ids, mask, strict=True)
        )
    return pieces_of_tokens(step, ids, mask)


def _unseen(step: Tokenize | None, fewer: bool, shorter: bool) -> str:
    if fewer or shorter:
        what = "the first documents" if not shorter else "the beginnings of documents"
        return f"{what} are shown"
    return "" if step is not None else "the tokenizer is unknown"
