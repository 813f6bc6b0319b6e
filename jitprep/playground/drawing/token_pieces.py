"""What each token stands for: a piece of text, some bytes of a character, or nothing in a text.

Joined, the pieces of a document are what its tokenizer decodes the tokens to, special ones included. A
tokenizer without a decoder has whole words, and spaces between them are not theirs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from jitprep.playground.drawing.view import TokenPiece
from preprocessing import Tokenize
from preprocessing.cancellation import checkpoint
from preprocessing.frozen import frozen
from preprocessing.transforms.text.tokenize import load_tokenizer

_BYTE = re.compile("<0x([0-9A-F]{2})>")


def _byte_letters() -> dict[str, int]:
    """Return the bytes that the letters of byte-level tokens stand for.

    As ``bytes_to_unicode`` of GPT-2: visible characters of Latin-1 are themselves, and the other bytes
    follow from U+0100 on.
    """
    visible = {*range(33, 127), *range(161, 173), *range(174, 256)}
    hidden = [byte for byte in range(256) if byte not in visible]
    return {chr(byte): byte for byte in visible} | {
        chr(256 + place): byte for place, byte in enumerate(hidden)
    }


_LETTERS = _byte_letters()


def pieces_of_tokens(
    step: Tokenize, ids: Sequence[int], mask: Sequence[int]
) -> tuple[TokenPiece, ...]:
    """Return the pieces of one document's tokens. Where the mask is 0, a token is masked."""
    reader = _reader(step)
    found = []
    for place, number in enumerate(ids):
        checkpoint()
        text, form = reader.piece(ids, place)
        found.append(TokenPiece(number, text, not mask[place], form))
    return tuple(found)


@frozen
class _Reader:
    """A tokenizer, and how its tokens are read."""

    tokenizer: Any
    special: frozenset[int]
    added: dict[int, str]
    by_bytes: bool

    def piece(self, ids: Sequence[int], place: int) -> tuple[str, str]:
        """Return the piece of the token at a place, and its form."""
        number = ids[place]
        token = self.tokenizer.id_to_token(number)
        if token is None:
            return "", "text"
        if self.by_bytes:
            return self._of_letters(number, token)
        if byte := _BYTE.fullmatch(token):
            return _of_bytes(bytes.fromhex(byte[1]))
        text = self._grown(ids, place, token) if self.tokenizer.decoder else token
        return text, "special" if number in self.special else "text"

    def _of_letters(self, number: int, token: str) -> tuple[str, str]:
        if number in self.added:
            return self.added[number], "special" if number in self.special else "text"
        if any(letter not in _LETTERS for letter in token):
            return token, "text"
        return _of_bytes(bytes(_LETTERS[letter] for letter in token))

    def _grown(self, ids: Sequence[int], place: int, token: str) -> str:
        """Return by how much a token makes the decoded text longer.

        Whether a space is between two tokens depends on these two alone.
        """
        before = self._decode(ids[max(place - 1, 0) : place])
        after = self._decode(ids[max(place - 1, 0) : place + 1])
        return after[len(before) :] if after.startswith(before) else token

    def _decode(self, ids: Sequence[int]) -> str:
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=False)
        return text


@lru_cache(maxsize=8)
def _reader(step: Tokenize) -> _Reader:
    tokenizer = load_tokenizer(step)
    added = tokenizer.get_added_tokens_decoder()
    special = frozenset(number for number, token in added.items() if token.special)
    # The members of a sequence cannot be read, only printed.
    parts = f"{tokenizer.decoder!r}{tokenizer.pre_tokenizer!r}"
    contents = {number: token.content for number, token in added.items()}
    return _Reader(tokenizer, special, contents, "ByteLevel(" in parts)


def _of_bytes(data: bytes) -> tuple[str, str]:
    try:
        return data.decode(), "text"
    except UnicodeDecodeError:
        return data.hex(" "), "bytes"
