"""Which kind of object a pipeline is for, and what becomes of the others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import preprocessing
from preprocessing import IncompatibleSource, Media, Pipeline, SpecError, UnknownFormat
from preprocessing.decode.sniff import sniff
from preprocessing.spec.kinds import SOURCES
from tests.photos import NAMES, photo

from ..strategies import pipelines

WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"
SIGNATURES = {
    "jpeg": b"\xff\xd8\xff\xe0",
    "bmp": b"BM\x36\0\0\0\0\0\0\0",
    "wav": WAV,
    "flac": b"fLaC\0\0\0\x22",
    "ogg": b"OggS\0\x02",
    "mp3": b"\xff\xfb\x90\x64",
    "m4a": b"\0\0\0\x20ftypM4A \0\0",
    "mp4": b"\0\0\0\x20ftypisom\0\0",
    "matroska": b"\x1a\x45\xdf\xa3\x9f\x42",
    "avi": b"RIFF\x24\0\0\0AVI LIST",
}


@pytest.mark.parametrize("name", SIGNATURES)
@pytest.mark.parametrize("wanted", SOURCES)
def test_a_signature_tells_the_format_whatever_is_wanted(name, wanted):
    assert sniff(SIGNATURES[name], wanted).name == name


@pytest.mark.parametrize(
    "text",
    [b"BMW builds cars", b"hello", "\ufeffhello".encode("utf-16-le"), "grüße".encode()],
)
def test_text_is_text_where_text_is_wanted(text):
    assert sniff(text, "text").kind == "text"
    with pytest.raises(UnknownFormat):
        sniff(text, "image")


@given(pipelines())
def test_image_pipelines_are_for_images_and_say_nothing_of_it(p):
    assert p.kind == "image"
    assert "kind" not in p.document
    assert not str(p).startswith("image/")
    assert p == Pipeline.parse(f"image/{p}" if not p.exact else f"exact/image/{str(p)[6:]}")


@given(pipelines(), st.booleans())
def test_a_bound_pipeline_is_spelled_in_three_ways(p, skip):
    bound = Pipeline(p.steps, p.encoding, exact=p.exact, kind=p.kind, skip=skip)
    assert Pipeline.parse(str(bound)) == bound
    assert Pipeline.parse(bound.document) == bound
    assert (
        eval(repr(bound), {name: getattr(preprocessing, name) for name in dir(preprocessing)})
        == bound
    )
    assert (bound.fingerprint == p.fingerprint) == (not skip)


def test_a_kind_is_bound_by_its_word():
    assert Pipeline.parse("exact").exact
    assert Pipeline.parse("text").encoding.name == "text"
    assert Pipeline.parse("video/resize:8,8/npy").kind == "video"
    assert Pipeline.parse("resize:8,8/npy").kind == "image"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("audio/resize:8/npy", "step 1 'resize': takes image or video, but is given audio"),
        ("video/resize:8/png", "step 2 'png': takes image, but is given video"),
        ("image:jump/npy", "image: can only be followed by uint16 or float32 or skip, got"),
        ({"version": 1, "kind": "smell", "steps": []}, "kind: must be one of image, video"),
        ({"version": 1, "skip": 1, "steps": []}, "skip must be true or false, got 1"),
    ],
)
def test_a_wrong_kind_fails_at_once(spec, words):
    with pytest.raises(SpecError) as raised:
        Pipeline.parse(spec)
    assert words in str(raised.value)


def test_another_kind_is_refused_or_passed_untouched():
    spec = "resize:8,8/png"
    with pytest.raises(IncompatibleSource, match=r"the object is audio \(audio/wav\)"):
        Pipeline.parse(spec).encode(WAV)
    skipping = Pipeline.parse(f"image:skip/{spec}")
    passed = skipping.encode(WAV)
    assert (passed.body, passed.content_type) == (WAV, "audio/wav")
    assert passed.metadata == {
        "pipeline": str(skipping),
        "fingerprint": skipping.fingerprint,
    }
    for caption in (b"a cat", "un caf\u00e9".encode("utf-16")):
        passed = skipping.encode(caption)
        assert (passed.body, passed.content_type) == (caption, "text/plain")
    with pytest.raises(UnknownFormat):
        skipping.encode(b"\0\1\2\3")
    with pytest.raises(IncompatibleSource):
        skipping(WAV)
    assert (
        skipping.encode(photo(NAMES[0])).body == Pipeline.parse(spec).encode(photo(NAMES[0])).body
    )
    assert skipping.output.nbytes is None
    assert skipping.output.shape == (None, None, None)


def test_media_of_another_kind_is_refused():
    sound = Media(np.zeros((1, 8), np.float32), "audio", 8000)
    with pytest.raises(IncompatibleSource, match="the array is audio"):
        Pipeline.parse("resize:8/npy")(sound)
