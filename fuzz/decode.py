"""Any bytes as an image: the planned number of pixels, or one of the library's errors."""

from __future__ import annotations

from collections.abc import Iterator

from fuzz.laws import require_planned
from preprocessing import Pipeline
from soak import mutants

RUNS = 8_000
WORDS = ["IHDR", "IDAT", "PLTE", "tRNS", "eXIf", "VP8L", "VP8X", "Exif", "Adobe", "JFIF", "GIF89a"]
# The full decode in colour, the scaled decode of luma, and class ids.
PIPELINES = tuple(
    map(Pipeline.parse, ("exact/npy", "grayscale/resize:8,8/npy", "index:uint16/npy"))
)


def seeds() -> Iterator[bytes]:
    """Return photographs in every format, so small that they are mostly headers."""
    yield from mutants.files((29, 21)).values()


def target(data: bytes) -> None:
    """Decode in each way."""
    require_planned(PIPELINES, data)
