"""Video files: MP4."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.encodings._base import Encoding
from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.limits import nbytes
from preprocessing.spec.step import require

if TYPE_CHECKING:
    from preprocessing.media import Array, VideoSpec

# x264's own limit; H.264's largest level allows fewer pixels per frame.
_LONGEST_SIDE = 16_384
_MOST_FPS = 1000.0
# ITU-T H.273: the matrix of BT.601 and the limited range, which swscale converts to.
_BT601, _LIMITED = 6, 1
# Bytes allocated for any size, and per pixel of a frame; below this crf, noise hardly compresses.
_TABLES, _AHEAD, _FINE = 48 * 2**20, 200, 12


@frozen
class Mp4(Encoding):
    """H.264 in MP4 by x264: 8 bits, 4:2:0.

    Parameters
    ----------
    fps : float
        Frames per second.
    crf : int
        x264's constant rate factor, 0 to 51. Higher values are smaller and worse.

    Notes
    -----
    Encoding uses one thread and the same instructions on every processor, so the bytes are reproducible.

    Raises
    ------
    SpecError
        If `fps` is not above 0 and at most 1000, or `crf` not from 0 to 51.
    """

    name: ClassVar[str] = "mp4"
    fps: float = 25.0
    crf: int = 23
    content_type: ClassVar[str] = "video/mp4"
    input_kinds = ("video",)

    def check(self) -> None:
        require(0 < self.fps <= _MOST_FPS, f"fps: must be above 0 and at most 1000, got {self.fps}")
        require(0 <= self.crf <= 51, f"crf: must be 0 to 51, got {self.crf}")

    def accept(self, spec: VideoSpec) -> None:
        if spec.dtype != "uint8" or spec.channels not in (1, 3):
            raise IncompatibleSource(
                f"holds uint8 with 1 or 3 channels, but the result is {spec}; encode as npy, or put "
                "to_dtype:uint8 last"
            )
        for side in (spec.height, spec.width):
            if side is not None and (side % 2 or side > _LONGEST_SIDE):
                raise IncompatibleSource(
                    f"holds frames of even sides up to {_LONGEST_SIDE}, but the result has "
                    f"{spec.height} x {spec.width}; resize or crop first"
                )

    def holds(self, spec: VideoSpec) -> int:
        """Count x264's tables and lookahead frames, measured for noise, and the body twice."""
        assert spec.height is not None and spec.width is not None
        body = nbytes(spec) if self.crf < _FINE else nbytes(spec) // 3
        return _TABLES + _AHEAD * spec.height * spec.width + 2 * body

    def encode(self, array: Array, spec: VideoSpec) -> bytes:
        from preprocessing.decode.video.container import require_av  # noqa: PLC0415  for MP4

        av, stream = require_av(), BytesIO()
        with av.open(stream, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
            track = self._track(container, array.shape[1:3])
            for index, frame in enumerate(array):
                checkpoint()
                rgb = np.ascontiguousarray(np.broadcast_to(frame, (*frame.shape[:2], 3)))
                picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
                picture.pts = index
                picture.time_base = track.codec_context.time_base
                container.mux(track.encode(picture.reformat(format="yuv420p", threads=1)))
            container.mux(track.encode(None))
        return stream.getvalue()

    def _track(self, container: Any, size: tuple[int, int]) -> Any:
        rate = Fraction(repr(self.fps))
        track = container.add_stream("libx264", rate=rate)
        track.height, track.width = size
        track.pix_fmt = "yuv420p"
        track.thread_type = "NONE"
        codec = track.codec_context
        codec.thread_count = 1
        codec.time_base = 1 / rate
        codec.colorspace, codec.color_range = _BT601, _LIMITED
        track.options = {
            "crf": str(self.crf),
            "preset": "medium",
            "x264-params": "cpu-independent=1:threads=1:lookahead-threads=1",
        }
        return track
