"""The law of every decoder: any bytes give the planned result, or one of the library's errors."""

from __future__ import annotations

from collections.abc import Iterable

from preprocessing import Limits, Pipeline, PreprocessingError

# Small, so that no input takes long, whatever size it declares.
LIMITS = Limits(
    source_bytes=2**20,
    pixels=2**20,
    side=2**12,
    seconds=60.0,
    frames=64,
    samples=2**21,
    characters=2**20,
    memory=256 * 2**20,
)
# FFmpeg's option for containers without random numbers and dates: seeds are the same in every run.
SAME_BYTES = {"fflags": "+bitexact"}


def require_planned(pipelines: Iterable[Pipeline], data: bytes) -> None:
    """Run each pipeline, and raise AssertionError unless the result is as planned."""
    for pipeline in pipelines:
        try:
            planned = pipeline.plan(data, limits=LIMITS).output
            result = pipeline(data, limits=LIMITS)
        except PreprocessingError as error:
            str(error).encode()  # the message can be encoded
            continue
        shape = pipeline.encoding.shape(planned)
        assert len(result.shape) == len(shape), (result.shape, planned)
        for side, known in zip(result.shape, shape, strict=True):
            assert known in (None, side), (result.shape, planned)
        assert planned.dtype in {"str", result.dtype.name}, (result.dtype, planned)
