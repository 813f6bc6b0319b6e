"""Any bytes as an image: the planned number of pixels, or one of the library's errors."""

from __future__ import annotations

from collections.abc import Iterator

from preprocessing import Limits, Pipeline, PreprocessingError
from soak import mutants

WORDS = ["IHDR", "IDAT", "PLTE", "tRNS", "eXIf", "VP8L", "VP8X", "Exif", "Adobe", "JFIF", "GIF89a"]
# Small, so that no input takes long, whatever size it declares.
_LIMITS = Limits(source_bytes=2**20, pixels=2**20, side=2**12)
# The full decode in colour, and the scaled decode of luma.
_PIPELINES = (Pipeline.parse("exact/npy"), Pipeline.parse("grayscale/resize:8,8/npy"))


def seeds() -> Iterator[bytes]:
    """Return photographs in every format, so small that they are mostly headers."""
    yield from mutants.files((29, 21)).values()


def target(data: bytes) -> None:
    """Decode in each way."""
    for pipeline in _PIPELINES:
        try:
            planned = pipeline.plan(data, limits=_LIMITS).output
            result = pipeline(data, limits=_LIMITS)
        except PreprocessingError as error:
            str(error).encode()  # the message can be encoded
            continue
        assert result.shape == pipeline.encoding.shape(planned), (result.shape, planned)
