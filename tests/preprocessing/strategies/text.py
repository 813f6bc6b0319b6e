"""Transforms of text, texts, and tokenizers to make tokens with."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from preprocessing import TRANSFORMS as STEPS
from preprocessing import (
    Csv,
    JsonLines,
    RedactPatterns,
    Tokenize,
    Transform,
    Truncate,
)

from .derived import missing

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "hello", "world", "just", "in", "time", ".")
TOKENIZERS = ("tiny", "bytes")

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
sides = st.sampled_from(("right", "left"))
patterns = st.sampled_from(("email", "iban", "phone", "card"))
tokenizations = st.builds(
    Tokenize, st.sampled_from(TOKENIZERS), st.integers(1, 99), sides, sides, st.booleans()
)
_on_texts: dict[str, st.SearchStrategy[Transform]] = {
    "redact_patterns": st.builds(
        RedactPatterns, st.lists(patterns, min_size=1, unique=True).map(tuple)
    ),
    "truncate": st.builds(Truncate, st.integers(1, 30)),
}
_others: dict[str, st.SearchStrategy[Transform]] = {
    "json_lines": st.builds(JsonLines, names.filter(bool)),
    "csv": st.builds(Csv, names.filter(bool)),
    "tokenize": tokenizations,
}
_on_texts |= missing(STEPS, {*_on_texts, *_others}, "text.")
TRANSFORMS = {**_on_texts, **_others}
steps = st.one_of(*_on_texts.values())

# Characters that combine, compose, decompose, join, are blank, or are mojibake; and any others.
_telling = st.sampled_from(
    "aA1 \t\r\n\u00a0\u2003"
    "\u200d\u0301\u0316\u0344\u0f73\uff9e\u0915\u094d\u1100\u1161\uac00\u212b\ufb01"
    "İΣß\U0001f468\U0001f1e6\U0001d15e\u0600<>&;@.+-()0123456789ÃƒÂ©â€œ\x80\x9d\ufffd\0\x1b\x1c"
)
texts = st.text(_telling, max_size=40) | st.text(st.characters(exclude_categories=["Cs"]))


def make_tokenizers(folder: Path) -> None:
    """Write `TOKENIZERS`: words, with special tokens; and bytes, as GPT-2 has them, without."""
    words = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    words.save(str(folder / "tiny.json"))
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    numbers = {character: i for i, character in enumerate(alphabet)}
    letters = Tokenizer(models.BPE({**numbers, "th": 256, "the": 257}, [("t", "h"), ("th", "e")]))
    letters.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters.save(str(folder / "bytes.json"))
