"""`map_texts` applies a function to each text of an array; `pieces` splits a long text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.cancellation import checkpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PIECE = 2**20


def pieces(text: str) -> Iterator[str]:
    """Yield a text in pieces of whole lines, about a million characters each.

    Raises
    ------
    Cancelled
    """
    start = 0
    while start < len(text):
        checkpoint()
        end = text.find("\n", start + _PIECE) + 1 or len(text)
        yield text[start:end]
        start = end


@cache
def map_texts(change: Callable[..., str]) -> Callable[..., NDArray[Any]]:
    """Return a kernel that applies `change` to each text and returns a new array."""

    @wraps(change)
    def of_all(texts: NDArray[Any], *arguments: object) -> NDArray[Any]:
        result = np.empty(len(texts), object)
        for row, text in enumerate(texts):
            checkpoint()
            result[row] = change(text, *arguments)
        return result

    return of_all
