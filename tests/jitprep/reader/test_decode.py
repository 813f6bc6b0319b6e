"""Decoded responses equal the pipeline's own arrays."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from jitprep.reader import Undecodable
from jitprep.reader.decode import ReadResult, decode
from preprocessing import Pipeline
from tests.media import objects
from tests.photos import photo

TENSORS = ("npy", "npy:layout=hwc", "safetensors", "safetensors:key=x,layout=hwc", "raw")
FILES = ("png", "webp:lossless=true")
STEPS = (
    "resize:8,9",
    "grayscale/resize:8,9",
    "resize:8,9/normalize:imagenet",
    "resize:8,9/to_dtype:uint16",
)
LOSSY = ("jpeg", "webp")


def png_that_claims(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk


def answered(spec: str, name: str = "rocket") -> tuple[ReadResult, Pipeline]:
    pipeline = Pipeline.parse(spec)
    made = pipeline.encode(photo(name))
    return ReadResult(bytearray(made.body), made.content_type, made.metadata), pipeline


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("encoding", TENSORS)
def test_a_tensor_equals_the_pipelines_and_is_not_copied(steps, encoding):
    answer, pipeline = answered(f"{steps}/{encoding}")
    read = decode(answer)
    np.testing.assert_array_equal(read, pipeline(photo("rocket")), strict=True)
    assert np.shares_memory(read, np.frombuffer(answer.body, np.uint8))
    assert read.flags.writeable and read.flags.c_contiguous


@pytest.mark.parametrize("steps", STEPS[:2])
@pytest.mark.parametrize("encoding", FILES)
def test_a_lossless_image_is_the_pipelines_own(steps, encoding):
    answer, pipeline = answered(f"{steps}/{encoding}")
    read = decode(answer)
    np.testing.assert_array_equal(read, pipeline(photo("rocket")), strict=True)
    assert read.flags.writeable and read.flags.c_contiguous


@pytest.mark.parametrize("steps", STEPS[:2])
@pytest.mark.parametrize("encoding", LOSSY)
def test_a_lossy_image_has_its_shape(steps, encoding):
    answer, pipeline = answered(f"{steps}/{encoding}")
    read = decode(answer)
    assert (read.shape, read.dtype) == (pipeline(photo("rocket")).shape, np.uint8)
    assert read.flags.writeable


OTHERS = {
    "mono/resample:8000/random_crop:400/npy": "sound/tone.wav",
    "mono/wav:subtype=float": "sound/tone.wav",
    "resample:16000/log_mel:whisper/safetensors": "sound/mono.wav",
    "sample_frames:3/resize:8,8/npy": "video/clip.mp4",
    "strip_html/nfc/text": "text/note.html",
    "nfc/jsonl": "text/plain.txt",
}


@pytest.mark.parametrize("spec", OTHERS)
def test_sound_video_and_text_are_the_pipelines_own(spec):
    pipeline = Pipeline.parse(spec)
    made = pipeline.encode(objects()[OTHERS[spec]])
    answer = ReadResult(bytearray(made.body), made.content_type, made.metadata)
    read = decode(answer)
    np.testing.assert_array_equal(read, pipeline(objects()[OTHERS[spec]]), strict=True)
    assert read.flags.writeable


@pytest.mark.parametrize(
    ("spec", "key"),
    [
        ("mono/wav", "sound/tone.wav"),
        ("flac", "sound/tone.wav"),
        ("sample_frames:3/resize:64,64/mp4", "video/clip.mp4"),
        ("sample_frames:3/resize:64,64/grayscale/mp4", "video/clip.mp4"),
    ],
)
def test_what_is_rounded_or_lossy_has_its_shape(spec, key):
    pipeline = Pipeline.parse(spec)
    made, whole = pipeline.encode(objects()[key]), pipeline(objects()[key])
    read = decode(ReadResult(bytearray(made.body), made.content_type, made.metadata))
    assert (read.shape, read.dtype) == (whole.shape, whole.dtype)
    assert np.abs(read.astype(float) - whole).mean() < (8 if whole.dtype == np.uint8 else 1e-4)


def test_tokens_are_read_back():
    """In the layout of safetensors, without a tokenizer."""
    tokens = np.arange(6, dtype=np.int32).reshape(2, 1, 3)
    body = safetensors.numpy.save({"tokens": tokens})
    read = decode(ReadResult(bytearray(body), "application/x-safetensors"))
    np.testing.assert_array_equal(read, tokens, strict=True)


def test_sixteen_bits_of_gray_keep_them_and_of_colour_are_refused():
    answer, pipeline = answered("grayscale/resize:8,9/to_dtype:uint16/png")
    np.testing.assert_array_equal(decode(answer), pipeline(photo("rocket")), strict=True)
    answer, _ = answered("resize:8,9/to_dtype:uint16/png")
    with pytest.raises(Undecodable, match="16 bits"):
        decode(answer)


@pytest.mark.parametrize("encoding", [*TENSORS[:-1], *FILES, *LOSSY])
@pytest.mark.parametrize("said", [None, "binary/octet-stream", "application/octet-stream"])
def test_a_missing_content_type_is_detected(encoding, said):
    answer, _ = answered(f"resize:8,9/{encoding}")
    np.testing.assert_array_equal(
        decode(ReadResult(answer.body, said)), decode(answer), strict=True
    )


@pytest.mark.parametrize(
    "answer",
    [
        ReadResult(bytearray(b"words"), "text/plain"),
        ReadResult(bytearray(), None),
        ReadResult(bytearray(8), "application/octet-stream"),
        ReadResult(bytearray(8), "application/octet-stream", {"shape": "9", "dtype": "uint8"}),
        ReadResult(bytearray(8), "application/octet-stream", {"shape": "-8,-1", "dtype": "uint8"}),
        ReadResult(bytearray(8), "application/octet-stream", {"shape": "8", "dtype": "object"}),
        ReadResult(bytearray(8), "application/octet-stream", {"shape": "8"}),
        ReadResult(bytearray(b"\xff" * 16), "application/x-safetensors"),
        ReadResult(bytearray(png_that_claims(20_000, 20_000)), "image/png"),
        ReadResult(bytearray(b"\x02" + bytes(7) + b"{}"), "application/x-safetensors"),
        ReadResult(bytearray(b"\x02" + bytes(7) + b"[]"), "application/x-safetensors"),
    ],
)
def test_a_response_without_an_array_is_an_error(answer):
    with pytest.raises(Undecodable, match=r"a\.bin"):
        decode(answer, "a.bin")


def test_a_shard_is_named_as_one():
    with pytest.raises(Undecodable, match="read it with WebDataset"):
        decode(ReadResult(bytearray(1024), "application/x-tar"), "a.tar")


def test_objects_are_not_unpickled():
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }          \n"
    body = bytearray(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8))
    with pytest.raises(Undecodable, match="objects"):
        decode(ReadResult(body, "application/x-npy"))


@settings(deadline=None)  # the first example imports Pillow
@given(st.sampled_from([*TENSORS[:4], *FILES]), st.data())
def test_a_damaged_answer_is_an_array_or_an_error(encoding, data):
    answer, _ = answered(f"resize:8,9/{encoding}")
    body = answer.body[: data.draw(st.integers(0, len(answer.body)))]
    for place in data.draw(st.lists(st.integers(0, 127), max_size=4)):
        if place < len(body):
            body[place] = data.draw(st.integers(0, 255))
    with suppress(Undecodable):
        decode(ReadResult(body, answer.content_type))
