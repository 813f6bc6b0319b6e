"""Any bytes as an image: pixels as many as the plan says, or one of the library's errors."""

from __future__ import annotations

from collections.abc import Iterator

from preprocessing import Limits, Pipeline, PreprocessingError
from soak import mutants

WORDS = ["IHDR", "IDAT", "PLTE", "tRNS", "eXIf", "VP8L", "VP8X", "Exif", "Adobe", "JFIF", "GIF89a"]
# Small, so that an input takes little time whatever it claims.
_LIMITS = Limits(source_bytes=2**20, pixels=2**20, side=2**12)
# Every pixel in colour; and scaled, luma alone.
_PIPELINES = (Pipeline.parse("exact/npy"), Pipeline.parse("grayscale/resize:8,8/npy"))


def seeds() -> Iterator[bytes]:
    """Return photographs in every format: of so few pixels that headers are most of them."""
    yield from mutants.files((29, 21)).values()


def target(data: bytes) -> None:
    """Decode in each way."""
    for pipeline in _PIPELINES:
        try:
            planned = pipeline.plan(data, limits=_LIMITS).output
            result = pipeline(data, limits=_LIMITS)
        except PreprocessingError as error:
            str(error).encode()  # a sentence that can be sent
            continue
        assert result.shape == pipeline.encoding.shape(planned), (result.shape, planned)
