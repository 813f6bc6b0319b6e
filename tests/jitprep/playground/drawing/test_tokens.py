"""Joined, the pieces of tokens are what the tokenizer decodes them to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from jitprep.playground.drawing.tokens import draw_tokens
from jitprep.playground.drawing.view import TokenPiece, View
from preprocessing import Pipeline, Tokenize

TEXTS = (
    "The tokenizer's pieces, un-\nbroken: naïve café — ½ 東京 👩‍👧 \t end.",
    "  two  spaces ",
    "[SEP] <pad> ##x ▁y Ġz <0x0A>",
    "\n",
)
SPECIAL = ("[UNK]", "[CLS]", "[SEP]", "[PAD]")


def word_pieces() -> Tokenizer:
    """As BERT's."""
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=False)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    made.train_from_iterator(
        TEXTS, trainers.WordPieceTrainer(vocab_size=60, special_tokens=[*SPECIAL])
    )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return made


def bytes_of_gpt_2() -> Tokenizer:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=280,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    made.train_from_iterator(TEXTS, trainer)
    made.add_special_tokens([AddedToken("<|ä|>", special=True)])
    return made


def sentence_pieces() -> Tokenizer:
    """As Llama's: characters that are not in the vocabulary become bytes."""
    letters = ("▁", "▁t", *"twospaec")
    pieces = ("<unk>", "<s>", *(f"<0x{byte:02X}>" for byte in range(256)), *letters)
    numbers = {piece: number for number, piece in enumerate(pieces)}
    made = Tokenizer(models.BPE(numbers, [("▁", "t")], unk_token="<unk>", byte_fallback=True))
    made.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    made.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    made.add_special_tokens(["<s>"])
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return made


def words() -> Tokenizer:
    """Without a decoder: words are joined by spaces."""
    made = Tokenizer(models.WordLevel({"[UNK]": 0, "end": 1, "two": 2, ".": 3}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


MADE = {"bert": word_pieces, "gpt2": bytes_of_gpt_2, "llama": sentence_pieces, "words": words}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizers")
    for name, make in MADE.items():
        make().save(str(path / f"{name}.json"))
    return path


@pytest.fixture(autouse=True)
def found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITPREP_TOKENIZERS", str(folder))


def shown(name: str, text: str, length: int = 100) -> View:
    p = Pipeline.parse(f"tokenize:{name},{length}/npy")
    return draw_tokens(p(text.encode()), p.steps)


def raw(pieces: Sequence[TokenPiece]) -> bytes:
    return b"".join(
        bytes.fromhex(piece.text) if piece.form == "bytes" else piece.text.encode()
        for piece in pieces
    )


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("text", TEXTS, ids=("telling", "spaces", "marks", "blank"))
def test_joined_pieces_are_the_decoded_text(name: str, text: str, folder: Path) -> None:
    (pieces,) = shown(name, text).tokens
    kept = [piece for piece in pieces if not piece.masked]
    tokenizer = Tokenizer.from_file(str(folder / f"{name}.json"))
    encoded = tokenizer.encode(text)
    assert [piece.id for piece in kept] == encoded.ids
    wanted = tokenizer.decode(encoded.ids, skip_special_tokens=False)
    if name == "words":  # without a decoder, the library puts spaces between words
        assert " ".join(piece.text for piece in kept) == wanted
    else:
        assert raw(kept).decode() == wanted
    if name == "gpt2":
        assert wanted == text


def test_bytes_of_a_character_are_shown_as_bytes() -> None:
    (pieces,) = shown("gpt2", "a👩b", 20).tokens
    kept = [piece for piece in pieces if not piece.masked]
    assert raw(kept).decode() == "a👩b"
    split = [piece.text for piece in kept if piece.form == "bytes"]
    assert split
    assert " ".join(split) == "👩".encode().hex(" ")


def test_bytes_of_a_fallback_are_shown_as_bytes() -> None:
    (pieces,) = shown("llama", "s東\n", 20).tokens
    forms = [(piece.text, piece.form) for piece in pieces if not piece.masked]
    assert forms[-5:] == [
        ("s", "text"),
        ("e6", "bytes"),
        ("9d", "bytes"),
        ("b1", "bytes"),
        ("\n", "text"),
    ]


def test_padding_is_masked() -> None:
    view = shown("bert", "end", 6)
    (pieces,) = view.tokens
    assert view.more is not None
    assert [piece.masked for piece in pieces] == [i >= view.more["counts"][0] for i in range(6)]
    assert pieces[0] == TokenPiece(1, "[CLS]", False, "special")
    assert pieces[-1].id == 3


def test_tokens_by_an_unknown_tokenizer_have_numbers_alone() -> None:
    array = np.array([[[5, 6]], [[1, 0]]], np.int32)
    view = draw_tokens(array)
    assert view.tokens == ((TokenPiece(5, "", False), TokenPiece(6, "", True)),)
    assert view.how == "the tokenizer is unknown"


def test_numbers_outside_the_vocabulary_have_no_text() -> None:
    array = np.array([[[10**6, 1, 2]], [[1, 1, 1]]], np.int32)
    (pieces,) = draw_tokens(array, [Tokenize("words", 3)]).tokens
    assert [piece.text for piece in pieces] == ["", "end", "two"]


def test_many_tokens_are_cut_and_this_is_said() -> None:
    array = np.ones((2, 500, 5000), np.int32)
    view = draw_tokens(array, [Tokenize("words", 5000)])
    assert view.count == 500
    assert [len(row) for row in view.tokens] == [2048] * 8
    assert view.how == "the beginnings of documents are shown"
    assert view.more == {"counts": [5000] * 8, "tokenizer": "words"}


def test_nothing_is_shown_of_no_documents() -> None:
    view = draw_tokens(np.zeros((2, 0, 4), np.int32))
    assert (view.tokens, view.count) == ((), 0)
