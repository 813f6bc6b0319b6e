"""Video as frames on a timeline, and as a file that a browser plays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from importlib.util import find_spec
from itertools import pairwise

import numpy as np

from jitprep.playground.desk import Asset, Desk
from jitprep.playground.drawing.pictures import put_picture
from jitprep.playground.drawing.view import Frame, View
from preprocessing import Encoding, IncompatibleSource, Mp4, Transform, VideoSpec
from preprocessing.cancellation import checkpoint
from preprocessing.media import Array, times
from preprocessing.planner.stages.frame_selection import FrameSelection
from preprocessing.preview.images import as_picture, chosen, normalized_by
from preprocessing.preview.picture import scale

# Frames that are shown, or that the page plays where no file can be made.
MOST_FRAMES, _MOST_FLIPPED = 24, 64
# The longest side of a picture, and the bytes of all frames whose values are kept for the cursor.
_SIDE, _MOST_KEPT = 480, 64 * 2**20
# What is encoded: frames, pixels in all (which take half a second), and the quality, which hides little.
_MOST_PLAYED, _MOST_PIXELS, _CRF = 256, 2**22, 18
# Where the times of frames are unknown.
_FPS = 10.0


def draw_video(
    desk: Desk,
    array: Array,
    steps: Sequence[Transform] = (),
    *,
    encoding: Encoding | None = None,
    choice: FrameSelection | None = None,
    body: bytes | bytearray = b"",
) -> View:
    """Draw the result of a pipeline for video, (frames, H, W, C).

    Parameters
    ----------
    desk : Desk
    array : ndarray
    steps : sequence of Transform
        The steps that made it. A normalisation among them is undone.
    encoding : Encoding, optional
        That of the pipeline. An MP4 tells the times of its frames.
    choice : FrameSelection, optional
        Of ``plan.source``: which frames of the source these are.
    body : bytes, optional
        The encoded result. An MP4 is played as it is.
    """
    count = len(array)
    caption = f"video {times(*array.shape)} {array.dtype}"
    if not array.size:
        return View("video", caption, count=count)
    moments, rate = _clock(count, encoding, choice)
    is_mp4 = bool(body) and isinstance(encoding, Mp4)
    media = bytes(body) if is_mp4 else _encoded(array, steps, rate or _FPS)
    places = chosen(count, MOST_FRAMES if media else _MOST_FLIPPED)
    return View(
        "video",
        caption,
        how="normalisation undone" if normalized_by(steps) is not None else "",
        frames=tuple(_frames(desk, array, places, moments, steps)),
        count=count,
        media=desk.put(Asset(media, Mp4.content_type)) if media else "",
        media_type=Mp4.content_type if media else "",
        seconds=None if rate is None else count / rate,
        rate=rate,
        more={"places": places},
    )


def put_video_frame(
    desk: Desk,
    frame: Array,
    steps: Sequence[Transform] = (),
    *,
    among: int = 1,
    seconds: float | None = None,
    label: str = "",
) -> Frame:
    """Lay down one frame, (H, W, C), `among` so many: small enough for a page.

    Its values are kept for the cursor, unless those of all frames are too large.
    """
    rows, columns = frame.shape[:2]
    array = frame.copy() if frame.nbytes * among <= _MOST_KEPT else None
    return put_picture(
        desk,
        _small(as_picture(frame, steps), _SIDE),
        array=array,
        size=(rows, columns),
        seconds=seconds,
        label=label,
    )


def _clock(
    count: int, encoding: Encoding | None, choice: FrameSelection | None
) -> tuple[Sequence[float] | None, float | None]:
    """Return the times of the frames, and how many a second has, where either is known."""
    if isinstance(encoding, Mp4):
        return [place / encoding.fps for place in range(count)], encoding.fps
    if choice is None or choice.untimed:
        return None, None
    moments = choice.moments
    if moments is not None and len(moments) == count:
        if _is_even(moments):
            return [float(moment) for moment in moments], float(1 / choice.step)
        return [float(moment) for moment in moments], None
    length = float(choice.end - choice.begin)
    return None, count / length if length > 0 and not choice.keys else None


def _is_even(moments: Sequence[Fraction]) -> bool:
    return len({after - before for before, after in pairwise(moments)}) <= 1


def _frames(
    desk: Desk,
    array: Array,
    places: Sequence[int],
    moments: Sequence[float] | None,
    steps: Sequence[Transform],
) -> Iterator[Frame]:
    for place in places:
        checkpoint()
        yield put_video_frame(
            desk,
            array[place],
            steps,
            among=len(places),
            seconds=None if moments is None else moments[place],
            label=f"frame {place + 1}",
        )


def _encoded(array: Array, steps: Sequence[Transform], fps: float) -> bytes:
    """Return frames as an MP4; empty where it cannot be made. Of many frames some are left out."""
    if find_spec("av") is None:
        return b""
    shape = _small(as_picture(array[0], steps), _SIDE).shape
    most = max(min(_MOST_PLAYED, _MOST_PIXELS // (shape[0] * shape[1])), 1)
    places = chosen(len(array), most)
    rate = min(max(fps * len(places) / len(array), 0.1), 240.0)
    pictures = np.stack([_even(_small(as_picture(array[i], steps), _SIDE)) for i in places])
    height, width, channels = pictures.shape[1:]
    spec = VideoSpec(height, width, channels, "uint8", len(pictures))
    writer = Mp4(round(rate, 3), _CRF)
    try:
        writer.accept(spec)
    except IncompatibleSource:
        return b""
    return writer.encode(pictures, spec)


def _even(picture: Array) -> Array:
    """Repeat the last row and column of a picture where H.264 needs one more."""
    rows, columns = picture.shape[:2]
    return np.pad(picture, ((0, rows % 2), (0, columns % 2), (0, 0)), "edge")


def _small(picture: Array, side: int) -> Array:
    """Return a picture whose sides are at most so long."""
    rows, columns = picture.shape[:2]
    factor = side / max(rows, columns)
    if factor >= 1:
        return picture
    return scale(picture, max(round(rows * factor), 1), max(round(columns * factor), 1))
