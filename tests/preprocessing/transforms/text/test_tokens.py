"""Tokens are the tokenizer's own; its file is part of the pipeline's identity."""

from __future__ import annotations

import io
import os
import pickle
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from preprocessing import (
    LimitExceeded,
    Media,
    Pipeline,
    PreprocessingError,
    SpecError,
    Stack,
    Tokenize,
    TokensSpec,
)
from preprocessing.cancellation import Cancelled, Signal, cancellable
from tests.preprocessing.strategies.text import WORDS, make_tokenizers, texts, tokenizations


def folder() -> Path:
    return Path(os.environ["JITPREP_TOKENIZERS"])


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tokenizers that a test may change."""
    make_tokenizers(tmp_path)
    monkeypatch.setenv("JITPREP_TOKENIZERS", str(tmp_path))
    return tmp_path


def numbers(*words: str) -> list[int]:
    return [WORDS.index(word) for word in words]


def test_words_become_their_numbers() -> None:
    array = Pipeline.parse("tokenize:tiny,length=8/npy")(b"Hello just-in-time world")
    assert array.shape == (2, 1, 8)
    assert array.dtype == np.int32
    expected = numbers("[CLS]", "hello", "just", "[UNK]", "in", "[UNK]", "time", "[SEP]")
    assert array[0, 0].tolist() == expected
    assert array[1, 0].tolist() == [1] * 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", ["[CLS]", "hello", "world", "[SEP]", "[PAD]", "[PAD]"]),
        (",padding=left", ["[PAD]", "[PAD]", "[CLS]", "hello", "world", "[SEP]"]),
        (",special_tokens=false", ["hello", "world", "[PAD]", "[PAD]", "[PAD]", "[PAD]"]),
    ],
)
def test_short_texts_are_padded(arguments: str, words: list[str]) -> None:
    array = Pipeline.parse(f"tokenize:tiny,6{arguments}/npy")(b"hello world")
    assert array[0, 0].tolist() == numbers(*words)
    assert array[1, 0].tolist() == [int(word != "[PAD]") for word in words]


@pytest.mark.parametrize(
    ("side", "words"),
    [("right", ["[CLS]", "hello", "world", "[SEP]"]), ("left", ["[CLS]", "time", ".", "[SEP]"])],
)
def test_long_texts_are_truncated(side: str, words: list[str]) -> None:
    array = Pipeline.parse(f"tokenize:tiny,4,truncation={side}/npy")(b"hello world just in time.")
    assert array[0, 0].tolist() == numbers(*words)


@given(tokenizations, st.lists(texts, max_size=3))
def test_it_is_what_the_library_gives(step: Tokenize, documents: list[str]) -> None:
    tokenizer = Tokenizer.from_file(str(folder() / f"{step.file}.json"))
    assume(step.length > 2 * (step.file == "tiny" and step.special_tokens))
    tokenizer.enable_truncation(step.length, direction=step.truncation)
    p = Pipeline([step], kind="text")
    given = Media(np.array([*documents, ""], object)[: len(documents)], "text")
    array = p(given)
    assert array.shape == (2, len(documents), step.length)
    for row, text in enumerate(documents):
        wanted = tokenizer.encode(text, add_special_tokens=step.special_tokens).ids
        counts = array[1, row] == 1
        assert array[0, row][counts].tolist() == wanted
        assert set(array[0, row][~counts]) <= {0}
        inside = (
            slice(-len(wanted), None) if step.padding == "left" and wanted else slice(len(wanted))
        )
        assert counts[inside].all()
        assert counts.sum() == len(wanted)


def test_shape_and_size_are_known_before_any_text() -> None:
    p = Pipeline.parse("nfc/tokenize:tiny,512/npy")
    assert p.output.shape == (2, 1, 512)
    assert p.output.dtype == "int32"
    assert p.output.nbytes == len(p.encode(b"hello").body) == 128 + 2 * 512 * 4
    assert p.plan(b"hello").output == TokensSpec(1, 512)
    body = Pipeline.parse("tokenize:tiny,4/safetensors:key=ids").encode(b"hello world").body
    (array,) = safetensors.numpy.load(bytes(body)).values()
    assert array[0, 0].tolist() == numbers("[CLS]", "hello", "world", "[SEP]")


def test_many_are_stacked() -> None:
    p = Pipeline.parse("tokenize:tiny,4/npy")
    sources = [b"hello", b"world", b"in time"]
    stack = Stack(p, 3)
    for row, source in enumerate(sources):
        stack.fill(row, source)
    body = bytes(stack.encode(range(3)).body)
    batch = p.batch(sources, threads=2)
    assert batch.shape == (3, 2, 1, 4)
    assert np.load(io.BytesIO(body)).tolist() == batch.tolist()
    assert batch.tolist() == [p(source).tolist() for source in sources]


def test_another_file_is_another_pipeline(own: Path) -> None:
    spec = "tokenize:tiny,8/npy"
    before = Pipeline.parse(spec)
    assert before(b"hello")[0, 0, 1] == 4
    file = own / "tiny.json"
    file.write_text(
        file.read_text().replace('"hello": 4', '"hullo": 4').replace('"hello":4', '"hullo":4')
    )
    after = Pipeline.parse(spec)
    assert before != after
    assert before.fingerprint != after.fingerprint
    assert str(before) != str(after)
    assert after(b"hello")[0, 0, 1] == 1
    assert before(b"hello")[0, 0, 1] == 4  # what it loaded stays what it is
    assert Pipeline.parse(str(after)) == after == pickle.loads(pickle.dumps(after))
    with pytest.raises(SpecError, match=r"digest: 'tiny' has the digest [0-9a-f]{64} here"):
        Pipeline.parse(str(before))


def test_a_file_that_changes_before_its_first_use_is_refused(own: Path) -> None:
    p = Pipeline.parse("tokenize:bytes,8/npy")
    (own / "bytes.json").write_bytes((own / "tiny.json").read_bytes() + b"\n")
    with pytest.raises(SpecError, match="has changed since the pipeline was created"):
        p(b"hello")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("none,8", r"no tokenizer 'none'.*JITPREP_TOKENIZERS.*it has bytes, tiny"),
        ("..%2Ftiny,8", "must be a name of letters, digits, _ and -"),
        ("%2Fetc%2Fpasswd,8", "must be a name"),
        ("tiny.json,8", "without .json"),
        ("tiny%00,8", "must be a name"),
        ("tiny,0", "length: must be from 1 to 1048576, got 0"),
        ("tiny,1048577", "length: must be from 1"),
        ("tiny", "missing argument 'length'"),
        ("tiny,8,digest=abc", "digest: must be a SHA-256"),
        (f"tiny,8,digest={'0' * 64}", "has the digest"),
        ("tiny,8,padding=middle", "padding: expected one of right, left"),
    ],
)
def test_wrong_arguments_fail_as_the_pipeline_is_parsed(arguments: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        Pipeline.parse(f"tokenize:{arguments}/npy")


def test_an_empty_folder_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JITPREP_TOKENIZERS")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match="the folder has none"):
        Tokenize("tiny", 8)
    (tmp_path / "tokenizers").mkdir()
    make_tokenizers(tmp_path / "tokenizers")
    assert Tokenize("tiny", 8).infer(TokensSpec(1, 8)) == TokensSpec(1, 8)


def test_what_is_no_tokenizer_is_told_as_a_plan_is_made(own: Path) -> None:
    (own / "broken.json").write_text("{}")
    with pytest.raises(SpecError, match="'broken' is not a tokenizer file"):
        Pipeline.parse("tokenize:broken,8/npy").plan(b"hello")
    with pytest.raises(SpecError, match="adds 2 special tokens, which leaves no room in 2"):
        Pipeline.parse("tokenize:tiny,2/npy").plan(b"hello")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b'{"text": "hello"}\n' * 100
    table = Pipeline.parse("json_lines:text/tokenize:tiny,8/npy")
    assert table(rows).shape == (2, 100, 8)
    monkeypatch.setattr("preprocessing.transforms.text.tokenize._MOST_NUMBERS", 1599)
    with pytest.raises(LimitExceeded, match="would make 1600 numbers of 100 documents"):
        table(rows)
    monkeypatch.setattr("preprocessing.transforms.text.tokenize._MOST_BYTES", 6)
    for text, size, most in (("hellooo", 7, 6), ("日本語", 9, 2)):
        with pytest.raises(LimitExceeded, match=rf"a document has {size} bytes.*truncate:{most} "):
            Pipeline.parse("tokenize:tiny,8/npy")(text.encode())
        shorter = Pipeline.parse(f"truncate:{most}/tokenize:tiny,8/npy")(text.encode())
        assert shorter.shape == (2, 1, 8)


@pytest.mark.parametrize("unit", ["日", ".", "hello ", "\U0001f468\u200d", "a"])
def test_the_longest_document_leaves_other_threads_running(unit: str) -> None:
    """In one call no other thread ran for ten seconds."""
    text = unit * (2**19 // len(unit.encode()))
    p = Pipeline.parse("tokenize:bytes,length=16/npy")
    p(b"warm")
    last, gap, done = time.monotonic(), 0.0, threading.Event()

    def tick() -> None:
        nonlocal last, gap
        while not done.wait(0.01):
            now = time.monotonic()
            last, gap = now, max(gap, now - last)

    ticking = threading.Thread(target=tick)
    ticking.start()
    start = time.thread_time()
    long = p(text.encode())
    took = time.thread_time() - start
    done.set()
    ticking.join()
    assert took < 3
    assert gap < 1
    assert long[0].tolist() == p(text[:1000].encode())[0].tolist()  # the short call says the same


def test_a_file_that_takes_too_long_is_refused(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = Tokenizer(
        models.WordPiece({"[UNK]": 0}, unk_token="[UNK]", max_input_chars_per_word=10**6)
    )
    words.save(str(own / "long.json"))
    with pytest.raises(SpecError, match="words of up to 1000000 characters, more than 1000"):
        Pipeline.parse("tokenize:long,8/npy")(b"hello")
    monkeypatch.setattr("preprocessing.transforms.text._tokenizer_files._MOST_BYTES", 100)
    with pytest.raises(SpecError, match=r"'tiny' has \d+ bytes, more than the 100"):
        Pipeline.parse("tokenize:tiny,8/npy")


def test_cancelled_work_stops() -> None:
    p, signal = Pipeline.parse("json_lines:text/tokenize:tiny,8/npy"), Signal()
    with cancellable(signal):
        assert p(b'{"text": "a"}').shape == (2, 1, 8)
        signal.cancel()
        with pytest.raises(Cancelled):
            p(b'{"text": "a"}')


@given(texts)
def test_any_text_becomes_tokens(text: str) -> None:
    assume(text)
    p = Pipeline.parse("strip_html/fix_mojibake/nfkc/tokenize:bytes,16/npy")
    try:
        array = p(text.encode())
    except PreprocessingError:
        reject()
    assert array.shape == (2, 1, 16)
