"""Tokenization, by Hugging Face's tokenizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.cancellation import checkpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Longer texts are handed to the call that lets other threads run. It starts some of its own, so that a
# process that forks afterwards is warned; shorter ones, which take 10 ms at most, do without.
_SHORT = 2**13


def tokenize(
    texts: NDArray[Any], tokenizer: Any, length: int, special_tokens: bool
) -> NDArray[np.int32]:
    """Return token ids and the attention mask, shape (2, documents, length).

    Parameters
    ----------
    texts : ndarray of str
    tokenizer : Tokenizer
        Which pads and truncates to `length`. One text after the other, so that work can be given up.
    length : int
    special_tokens : bool
        Whether it adds those that its file tells to.
    """
    result = np.empty((2, len(texts), length), np.int32)
    for row, text in enumerate(texts):
        checkpoint()
        if len(text) <= _SHORT:
            encoded = tokenizer.encode(text, add_special_tokens=special_tokens)
        else:
            (encoded,) = tokenizer.encode_batch_fast([text], add_special_tokens=special_tokens)
        result[0, row] = encoded.ids
        result[1, row] = encoded.attention_mask
    return result
