"""Any text as a pipeline: a `SpecError`, or a pipeline that round-trips through every spelling."""

from __future__ import annotations

import json
from collections.abc import Iterator

from preprocessing import ENCODINGS, TRANSFORMS, Pipeline, SpecError

RUNS = 8_000
WORDS = [*TRANSFORMS, *ENCODINGS, "version", "steps", "encode", "exact", "true"]
WORDS += [
    "imagenet",
    "whisper",
    "kind",
    "skip",
    "image",
    "video",
    "audio",
    "index",
    "index:uint16",
    "image:float32",
]
# One step for each kind of argument.
LINES = (
    "grayscale/resize:224,224/png",
    "resize:256/center_crop:224/normalize:imagenet/npy",
    "exact/resize:341,interpolation=bicubic,antialias=false/center_crop:299/npy:layout=hwc",
    "normalize:0.5,0.5,0.5,std=0.25,0.25,0.25/npy",
    "random_resized_crop:64,scale=0.1,1.0/random_horizontal_flip:p=0.25/webp:quality=80",
    "pad:1,2,3,4,fill=7,padding_mode=reflect/to_dtype:float32,scale=true/safetensors",
    "exact/audio:skip/mono/resample:16000/pad_or_trim:30/log_mel:whisper/npy",
    "video/clip:1,stop=2.5/sample_frames:8/resize:224,224/mp4:fps=8,crf=20",
    "csv:body/strip_html/nfc/truncate:100/jsonl",
    "trivial_augment_wide:num_magnitude_bins=31/color_jitter:brightness=0.4/jpeg:quality=75",
)


def seeds() -> Iterator[bytes]:
    """Return specs in every spelling."""
    for line in (*LINES, *TRANSFORMS, *ENCODINGS):
        yield line.encode()
        try:
            document = Pipeline.parse(line).document
        except SpecError:  # a step with required arguments
            continue
        yield json.dumps(document).encode()


def target(data: bytes) -> None:
    """Parse the text, then each spelling of the result."""
    text = data.decode("utf-8", "surrogateescape")  # only JSON can hold any text
    try:
        pipeline = Pipeline.parse(text)
    except SpecError as error:
        str(error).encode()  # the message can be encoded
        return
    for again in (str(pipeline), pipeline.document, json.dumps(pipeline.document)):
        assert Pipeline.parse(again) == pipeline, again
    assert str(Pipeline.parse(str(pipeline))) == str(pipeline)
    assert Pipeline.parse(str(pipeline)).fingerprint == pipeline.fingerprint
    assert pipeline.output.content_type
