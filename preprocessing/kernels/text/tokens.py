"""Tokens of texts, by Hugging Face's tokenizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tokenize(
    texts: NDArray[Any], tokenizer: Any, length: int, special_tokens: bool
) -> NDArray[np.int32]:
    """Return the numbers of tokens and which of them count, in shape (2, documents, length).

    Parameters
    ----------
    texts : ndarray of str
    tokenizer : Tokenizer
        Which pads and truncates to `length`. One text after the other: it would start threads for many.
    length : int
    special_tokens : bool
        Whether it adds those that its file tells to.
    """
    result = np.empty((2, len(texts), length), np.int32)
    for row, text in enumerate(texts):
        encoded = tokenizer.encode(text, add_special_tokens=special_tokens)
        result[0, row] = encoded.ids
        result[1, row] = encoded.attention_mask
    return result
