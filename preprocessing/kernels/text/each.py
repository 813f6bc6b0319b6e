"""From a change of one text to a kernel: what is done to each of many."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@cache
def each(change: Callable[..., str]) -> Callable[..., NDArray[Any]]:
    """Return the kernel that makes a new array of what `change` makes of each text."""

    @wraps(change)
    def of_all(texts: NDArray[Any], *arguments: object) -> NDArray[Any]:
        result = np.empty(len(texts), object)
        for row, text in enumerate(texts):
            result[row] = change(text, *arguments)
        return result

    return of_all
