"""Pipelines for text: their spellings, what they give, what they write."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from typer.testing import CliRunner

import preprocessing
from jitprep.cli.commands import app
from preprocessing import (
    Encoding,
    IncompatibleSource,
    Jsonl,
    Media,
    Npy,
    Pipeline,
    SpecError,
    Stack,
    Text,
    TextSpec,
    Transform,
)
from tests.preprocessing.strategies.text import TRANSFORMS, steps, texts, tokenizations

NAMES = {name: getattr(preprocessing, name) for name in preprocessing.__all__}


@st.composite
def pipelines(draw: st.DrawFn) -> Pipeline:
    chain: list[Transform] = draw(st.lists(steps, max_size=3))
    table = draw(st.none() | TRANSFORMS["json_lines"] | TRANSFORMS["csv"])
    tokens = draw(st.none() | tokenizations)
    encodings: list[Encoding] = [Jsonl()] if table else [Jsonl(), Text()]
    encoding = Npy() if tokens else draw(st.sampled_from(encodings))
    whole = [*filter(None, [table]), *chain, *filter(None, [tokens])]
    return Pipeline(whole, encoding, kind="text", skip=draw(st.booleans()))


@given(pipelines())
def test_three_spellings_are_one_value(p: Pipeline) -> None:
    assert p.kind == "text"
    for again in (
        Pipeline.parse(str(p)),
        Pipeline.parse(p.document),
        Pipeline.parse(json.dumps(p.document)),
        eval(repr(p), NAMES),
    ):
        assert again == p
        assert again.fingerprint == p.fingerprint


@given(st.data(), st.sampled_from([name for name in TRANSFORMS if name != "tokenize"]))
def test_every_field_is_part_of_the_identity(data: st.DataObject, name: str) -> None:
    a, b = data.draw(TRANSFORMS[name]), data.draw(TRANSFORMS[name])
    for field in fields(a):  # type: ignore[arg-type]
        assume(getattr(a, field.name) != getattr(b, field.name))
        changed = replace(a, **{field.name: getattr(b, field.name)})  # type: ignore[type-var]
        assert Pipeline([a], Jsonl()).fingerprint != Pipeline([changed], Jsonl()).fingerprint


@given(st.lists(steps, max_size=3), texts)
def test_the_plan_s_spec_is_the_result_s_and_the_bytes_are_its_own(
    chain: list[Transform], text: str
) -> None:
    p = Pipeline(chain, Text())
    source = Media(np.array([text], object), "text")
    array = p(source)
    assert p.plan(source).output == TextSpec(len(array))
    assert type(array[0]) is str
    assert p.encode(source).body.decode() == array[0]
    assert p.encode(source).metadata["shape"] == "1"
    assert Pipeline(chain, Jsonl())(source).tolist() == array.tolist()


@given(texts)
def test_a_text_file_is_utf_8_as_it_was(text: str) -> None:
    source = Media(np.array([text], object), "text")
    encoded = Pipeline.parse("text/text").encode(source)
    assert encoded.body == text.encode()
    assert encoded.content_type == "text/plain; charset=utf-8"


@given(st.lists(texts, max_size=4))
def test_json_lines_are_bytes_that_json_reads(documents: list[str]) -> None:
    array = np.empty(len(documents), object)
    array[:] = documents
    encoded = Pipeline([], Jsonl()).encode(Media(array, "text"))
    assert encoded.content_type == "application/jsonl"
    lines = bytes(encoded.body).split(b"\n")
    assert lines.pop() == b""
    assert [json.loads(line) for line in lines] == [{"text": text} for text in documents]
    assert encoded.metadata["shape"] == str(len(documents))


def test_json_lines_byte_by_byte() -> None:
    body = Pipeline.parse("jsonl").encode('a"b\\c\r\nß\u2028\U0001f600'.encode()).body
    assert body == '{"text": "a\\"b\\\\c\\r\\nß\u2028\U0001f600"}\n'.encode()


def test_the_default_encoding_is_text() -> None:
    assert Pipeline.parse("nfc").encoding == Text()
    assert (
        Pipeline.parse("text/nfc") == Pipeline.parse("nfc/text") == Pipeline([preprocessing.Nfc()])
    )
    assert str(Pipeline.parse("text")) == "text"
    assert Pipeline.parse("tokenize:tiny,8").encoding == Npy()
    assert Pipeline.parse("nfc").output.dtype == "str"
    assert Pipeline.parse("nfc").output.shape == (1,)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("nfc/resize:8", "step 2 'resize': takes image or video, but is given text"),
        ("nfc/npy", "step 2 'npy': takes image or video or audio"),
        ("resize:8/text", "step 2 'text': takes text, but is given image"),
        ("resize:8/nfc", "step 2 'nfc': takes text, but is given image"),
        ("tokenize:tiny,8/nfc", "step 2 'nfc': takes text, but is given tokens"),
        ("tokenize:tiny,8/text", "step 2 'text': takes text, but is given tokens"),
        ("image/nfc", "step 1 'nfc': takes text, but is given image"),
    ],
)
def test_kinds_are_held_together_at_once(spec: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        Pipeline.parse(spec)


def test_texts_are_batched_and_put_where_asked() -> None:
    p = Pipeline.parse("lower/text")
    assert p.batch([b"A", b"B"]).tolist() == [["a"], ["b"]]
    place = np.empty(1, object)
    assert p(b"ABC", out=place) is place
    assert place[0] == "abc"
    with pytest.raises(IncompatibleSource, match=r"the result has shape \(1,\) and dtype object"):
        p(b"ABC", out=np.empty(1, np.float32))
    with pytest.raises(SpecError, match="text holds a single result"):
        Stack(p, 2)
    several = Media(np.array(["a", "b"], object), "text")
    with pytest.raises(IncompatibleSource, match="encode as jsonl"):
        p.encode(several)


def test_a_plan_prints() -> None:
    printed = str(Pipeline.parse("nfc/truncate:9/jsonl").plan("grüß".encode("utf-16")))
    assert (
        "DecodeText(utf-16-le)\n    -> 1 text\nnormal('NFC')\n    -> 1 text\ntruncate(9)" in printed
    )


def test_a_folder_of_texts_is_run(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    (source / "deeper").mkdir(parents=True)
    (source / "a.txt").write_bytes("<p>Cafe\u0301 &amp; bar".encode())
    (source / "deeper/b.txt").write_bytes("\ufeffbob@example.com".encode("utf-16-le"))
    (source / "c.txt").write_bytes(b"\xef\xbb\xbf\xff")
    spec = "strip_html/nfc/redact_patterns/text"
    done = CliRunner().invoke(app, ["run", spec, str(source), str(out)])
    assert done.exit_code == 1
    assert "2 done, 1 failed" in done.output
    assert (out / "a.txt").read_bytes() == "Café & bar".encode()
    assert (out / "deeper/b.txt").read_bytes() == b"[EMAIL]"
    done = CliRunner().invoke(
        app, ["run", "jsonl", str(source / "a.txt"), str(tmp_path / "a.jsonl")]
    )
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "a.jsonl").read_bytes())["text"].endswith("bar")
