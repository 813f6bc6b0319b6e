"""From a change of one text to a kernel: what is done to each of many, and to pieces of one."""

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
    """Yield a text in whole lines, some million characters together: so much is done in one call.

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
    """Return the kernel that makes a new array of what `change` makes of each text."""

    @wraps(change)
    def of_all(texts: NDArray[Any], *arguments: object) -> NDArray[Any]:
        result = np.empty(len(texts), object)
        for row, text in enumerate(texts):
            checkpoint()
            result[row] = change(text, *arguments)
        return result

    return of_all
