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
# All of a document becomes tokens before any is cut off, in one call that cannot be stopped: up to 600
# bytes and some 1 µs for each byte.
_MOST_BYTES = 2**19
# BERT's is 100.
_LONGEST_WORD = 1000
# How many documents a table has only its content tells: then this takes the place of the limits.
_MOST_NUMBERS = at_most(2**26, 16)


@frozen
class Tokenize(FixedTransform):
    """Make tokens of each document, by a tokenizer of Hugging Face's library.

    Parameters
    ----------
    file : str
        Name of a ``tokenizer.json``: ``bert`` is ``bert.json`` in the folder that the environment's
        ``JITPREP_TOKENIZERS`` names, or else in ``tokenizers`` in the working directory. It has letters,
        digits, ``_`` and ``-``.
    length : int
        How many tokens each document becomes, padded or truncated; from 1 to 1048576.
    padding, truncation : {"right", "left"}
        At which end.
    special_tokens : bool
        Whether those are added that the file tells to, such as ``[CLS]``.
    digest : str
        SHA-256 of the file. Where it is left out the file's own is filled in, so that the pipeline's
        spelling, fingerprint and ETags change with the file; where it is given, it must be the file's.

    Notes
    -----
    The result has shape (2, documents, length): the tokens' numbers, and the attention mask, 1 where one
    counts. Padded with what the file tells, or its ``[PAD]`` or ``<pad>``, or 0. A document has at most
    524,288 bytes in UTF-8, and a file 64 MiB; put `Truncate` before it for longer documents.

    Raises
    ------
    SpecError
        For a file that is not there, or is another than `digest` tells; as a plan is made, for one that
        is no tokenizer, or whose special tokens alone are longer than `length`, or where tokenizers is
        not installed.
    LimitExceeded
        As it runs, for a longer document, or so many that they would be more than 2**26 numbers;
        fewer where the process has less than 1 GiB.
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
            "digest: must be SHA-256 in 64 small hexadecimal digits, or left out",
        )
        found = _tokenizer_files.digest(self.file)
        require(
            self.digest in ("", found),
            f"digest: {self.file!r} is another file here, of digest {found}; bring the one that the "
            "pipeline was made with, or leave the digest out",
        )
        object.__setattr__(self, "digest", found)

    def infer(self, spec: TextSpec) -> TokensSpec:
        return TokensSpec(spec.documents, self.length)

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        require_text_library("tokenizers", "tokenizers", self.name)
        _tokenizer(self)  # so that what is wrong with the file is known before any text is
        return (Compute(_tokenized, (self,), self.infer(spec)),)


def _tokenized(texts: Array, step: Tokenize) -> Array:
    numbers = 2 * len(texts) * step.length
    if numbers > _MOST_NUMBERS:
        raise LimitExceeded(
            f"would make {numbers} numbers of {len(texts)} documents, more than {_MOST_NUMBERS}; split "
            "the table, or ask for a shorter length"
        )
    for text in texts:
        size = len(text.encode()) if 4 * len(text) > _MOST_BYTES else 0
        if size > _MOST_BYTES:
            raise LimitExceeded(
                f"a document has {size} bytes in UTF-8, more than {_MOST_BYTES} to tokenize; put "
                f"truncate:{_MOST_BYTES * len(text) // size} before it, or less"
            )
    return tokenize(texts, _tokenizer(step), step.length, step.special_tokens)


@lru_cache(maxsize=8)
def _tokenizer(step: Tokenize) -> Any:
    """Return the tokenizer of the file, set to what the step asks for; kept, because files are large."""
    from tokenizers import Tokenizer  # noqa: PLC0415  for those who ask for tokens

    text = _tokenizer_files.read(step.file, step.digest)
    try:
        tokenizer = Tokenizer.from_buffer(text)
    except Exception as error:  # the library raises Exception itself
        raise SpecError(f"file: {step.file!r} is no tokenizer file: {error}") from None
    _require_bounded(tokenizer, step.file)
    special = tokenizer.num_special_tokens_to_add(False) if step.special_tokens else 0
    if special >= step.length:
        raise SpecError(
            f"length: {step.file!r} adds {special} special tokens, which leaves no room in "
            f"{step.length}; ask for more, or for special_tokens=false"
        )
    tokenizer.enable_truncation(step.length, direction=step.truncation)
    tokenizer.enable_padding(length=step.length, direction=step.padding, pad_id=_pad_id(tokenizer))
    return tokenizer


def _require_bounded(tokenizer: Any, name: str) -> None:
    """Raise SpecError for a tokenizer whose time grows with the square of the text's length."""
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
