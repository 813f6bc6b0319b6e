"""Results of a pipeline that runs in this process are those of its encoded bytes, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from jitprep.reader import open_reader
from jitprep.reader.decode import ReadResult, decode, is_array
from preprocessing import Pipeline, Seed
from preprocessing.encodings._catalogue import ENCODING_CLASSES
from preprocessing.encodings._tensors import TensorEncoding
from tests.media import objects
from tests.photos import photo

SPECS = {
    "photo.jpg": (
        *("npy", "npy:layout=hwc", "raw", "safetensors", "safetensors:key=x,layout=hwc"),
        *("resize:16/npy", "resize:16,16/raw:layout=hwc", "grayscale/resize:16/npy:layout=hwc"),
        *("grayscale/resize:16,16/safetensors", "resize:16,16/normalize:imagenet/npy"),
        *("resize:16,16/to_dtype:float16/npy", "random_crop:16/random_horizontal_flip/raw"),
        *(
            "resize:16/png",
            "grayscale/resize:16/jpeg",
            "resize:16,16/webp",
            "image:skip/resize:8/npy",
            "text:skip/nfc/text",
        ),
    ),
    "sound/tone.wav": (
        "audio/npy",
        "mono/resample:8000/npy",
        "mono/wav",
        "mono/resample:16000/log_mel:whisper/raw",
    ),
    "text/note.html": ("strip_html/text", "nfkc/jsonl"),
    "video/clip.mp4": ("sample_frames:2/resize:16,16/npy", "sample_frames:2/safetensors"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    top = tmp_path_factory.mktemp("transformed")
    for key, body in {"photo.jpg": photo("rocket"), **objects()}.items():
        (top / key).parent.mkdir(exist_ok=True)
        (top / key).write_bytes(body)
    return top


@pytest.mark.parametrize(
    ("key", "spec"), [(key, one) for key, all_ in SPECS.items() for one in all_]
)
def test_a_result_is_what_decoding_its_bytes_gives(folder, key, spec):
    pipeline, seed = Pipeline.parse(spec), Seed(3, key)
    made = pipeline.encode((folder / key).read_bytes(), seed=seed)
    reader = open_reader(f"file:{folder}", pipeline=spec, seed=3)
    through_bytes = decode(ReadResult(bytearray(made.body), made.content_type, made.metadata))
    here, again = reader.get(key), reader.get(key)
    np.testing.assert_array_equal(here, through_bytes, strict=True)
    assert here.dtype.str == through_bytes.dtype.str
    assert here.strides == through_bytes.strides
    assert here.flags.c_contiguous and here.flags.writeable and here.flags.aligned
    assert not np.shares_memory(here, again)


ANY = {
    "flac": "audio/flac", "jpeg": "jpeg", "jsonl": "text/jsonl", "mp4": "video/mp4", "npy": "npy",
    "png": "png", "raw": "raw", "safetensors": "safetensors", "text": "text/text", "wav": "audio/wav",
    "webp": "webp",
}  # fmt: skip


def test_only_tensors_are_taken_as_they_are():
    assert ANY.keys() == ENCODING_CLASSES.keys()
    for name, spec in ANY.items():
        pipeline = Pipeline.parse(spec)
        assert is_array(pipeline) is isinstance(pipeline.encoding, TensorEncoding), name
    assert not is_array(Pipeline.parse("image:skip/npy"))
