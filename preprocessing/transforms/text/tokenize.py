"""Tokenize."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from preprocessing.errors import LimitExceeded, SpecError
from preprocessing.frozen import frozen
from preprocessing.kernels.text.tokens import tokenize
from preprocessing.limits import at_most
from preprocessing.media import TokensSpec
from preprocessing.planner.stages import Compute
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform
from preprocessing.transforms.text import _tokenizer_files
from preprocessing.transforms.text._base import require_text_library

if TYPE_CHECKING:
    from preprocessing.media import Array, TextSpec
    from preprocessing.planner.stages import Stage

_LONGEST = 2**20
_DIGEST = re.compile(r"[0-9a-f]{64}")
# A document is tokenized whole before it is truncated, in one call that cannot be interrupted: up to 600
# bytes and about 1 µs per byte.
_MOST_BYTES = 2**19
# BERT's is 100.
_LONGEST_WORD = 1000
# The number of documents in a table is known only when it is read, so it is limited here.
_MOST_NUMBERS = at_most(2**26, 16)


@frozen
class Tokenize(FixedTransform):
    """Tokenize each document with a tokenizer of Hugging Face's library.

    Parameters
    ----------
    file : str
        Name of a ``tokenizer.json``: ``bert`` is ``bert.json`` in the folder that the environment
        variable ``JITPREP_TOKENIZERS`` names, by default ``tokenizers`` in the working directory. It may
        contain letters, digits, ``_`` and ``-``.
    length : int
        Tokens per document, by padding or truncation; from 1 to 1048576.
    padding, truncation : {"right", "left"}
        Side of the document that is padded or truncated.
    special_tokens : bool
        Whether the file's special tokens, such as ``[CLS]``, are added.
    digest : str
        SHA-256 of the file. If left out, it is filled in, so that the pipeline's spelling, fingerprint
        and ETags change with the file. If given, the file must have it.

    Notes
    -----
    The result has shape (2, documents, length): the token IDs, and the attention mask, which is 1 for
    tokens and 0 for padding. The padding token is the file's, or its ``[PAD]`` or ``<pad>``, or 0. A
    document may have up to 524,288 bytes in UTF-8, and a file 64 MiB; put `Truncate` first for longer
    documents.

    Raises
    ------
    SpecError
        If the file is missing, or its digest is not `digest`; when the plan is made, if the file is not
        a tokenizer, its special tokens do not fit `length`, or tokenizers is not installed.
    LimitExceeded
        At run time, if a document is longer, or the result would have more than ``2**26`` numbers, or
        fewer if the process has less than 1 GiB.
    """

    name: ClassVar[str] = "tokenize"
    input_kinds = ("text",)
    output_kind = "tokens"
    file: str
    length: int
    padding: Literal["right", "left"] = "right"
    truncation: Literal["right", "left"] = "right"
    special_tokens: bool = True
    digest: str = ""

    def check(self) -> None:
        require(
            1 <= self.length <= _LONGEST,
            f"length: must be from 1 to {_LONGEST}, got {self.length}",
        )
        require(
            not self.digest or _DIGEST.fullmatch(self.digest) is not None,
            "digest: must be a SHA-256 of 64 lowercase hexadecimal digits, or left out",
        )
        found = _tokenizer_files.digest(self.file)
        require(
            self.digest in ("", found),
            f"digest: {self.file!r} has the digest {found} here; install the file that the "
            "pipeline was created with, or leave the digest out",
        )
        object.__setattr__(self, "digest", found)

    def infer(self, spec: TextSpec) -> TokensSpec:
        return TokensSpec(spec.documents, self.length)

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        require_text_library("tokenizers", "tokenizers", self.name)
        load_tokenizer(self)  # so that errors in the file are reported before any text is read
        return (Compute(_tokenized, (self,), self.infer(spec)),)


def _tokenized(texts: Array, step: Tokenize) -> Array:
    numbers = 2 * len(texts) * step.length
    if numbers > _MOST_NUMBERS:
        raise LimitExceeded(
            f"would make {numbers} numbers of {len(texts)} documents, more than {_MOST_NUMBERS}; split "
            "the table, or use a shorter length"
        )
    for text in texts:
        size = len(text.encode()) if 4 * len(text) > _MOST_BYTES else 0
        if size > _MOST_BYTES:
            raise LimitExceeded(
                f"a document has {size} bytes in UTF-8, more than the limit of {_MOST_BYTES} to "
                f"tokenize; put truncate:{_MOST_BYTES * len(text) // size} or a shorter one "
                "before tokenize"
            )
    return tokenize(texts, load_tokenizer(step), step.length, step.special_tokens)


@lru_cache(maxsize=8)
def load_tokenizer(step: Tokenize) -> Any:
    """Return the tokenizer of a step, which pads and truncates as it tells. Cached: files are large.

    Raises
    ------
    SpecError
    """
    from tokenizers import Tokenizer  # noqa: PLC0415  only pipelines with tokens need it

    text = _tokenizer_files.read_file(step.file, step.digest)
    try:
        tokenizer = Tokenizer.from_buffer(text)
    except Exception as error:  # the library raises Exception itself
        raise SpecError(f"file: {step.file!r} is not a tokenizer file: {error}") from None
    _require_bounded(tokenizer, step.file)
    special = tokenizer.num_special_tokens_to_add(False) if step.special_tokens else 0
    if special >= step.length:
        raise SpecError(
            f"length: {step.file!r} adds {special} special tokens, which leaves no room in "
            f"{step.length}; use a larger length, or special_tokens=false"
        )
    tokenizer.enable_truncation(step.length, direction=step.truncation)
    tokenizer.enable_padding(length=step.length, direction=step.padding, pad_id=_pad_id(tokenizer))
    return tokenizer


def _require_bounded(tokenizer: Any, name: str) -> None:
    """Raise SpecError if the tokenizer's time grows with the square of the text's length."""
    longest = getattr(tokenizer.model, "max_input_chars_per_word", 0)
    if longest > _LONGEST_WORD:
        raise SpecError(
            f"file: {name!r} looks for pieces in words of up to {longest} characters, more than "
            f"{_LONGEST_WORD}; lower max_input_chars_per_word"
        )


def _pad_id(tokenizer: Any) -> int:
    if tokenizer.padding is not None:
        return int(tokenizer.padding["pad_id"])
    found = (tokenizer.token_to_id(token) for token in ("[PAD]", "<pad>"))
    return next((number for number in found if number is not None), 0)
