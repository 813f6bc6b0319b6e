"""Pictures of the gallery: what goes into a step, an arrow, and what comes out of it."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from preprocessing.media import Array, AudioSpec
from preprocessing.preview import panel
from preprocessing.preview.images import as_picture
from tools.gallery.examples import Example
from tools.gallery.results import Seen, around
from tools.gallery.strokes import strokes

# Largest size of one side of a picture, and of a strip of frames, in pixels.
_WIDTH, _HEIGHT = 320, 240
_STRIP, _FRAMES, _SEAM = 680, 5, 4
_ARROW = 40
# Readable on white and on a dark page; the background is transparent.
INK = "#7a828c"


def picture_file(example: Example) -> bytes:
    """Return the picture of an example as WebP."""
    before, after = _pair(example)
    is_film = around(example)[0].spec.kind == "video"
    stream = BytesIO()
    (_below if is_film else _beside)(before, after).save(stream, "WEBP", quality=82)
    return stream.getvalue()


def after_picture(example: Example) -> Image.Image:
    """Return the picture of what comes out of an example's step."""
    return _pair(example)[1]


def _pair(example: Example) -> tuple[Image.Image, Image.Image]:
    """Draw what goes into a step and what comes out of it."""
    before, after = around(example)
    if before.spec.kind == "video":
        return _strip(before.array), _strip(after.array)
    if before.spec.kind == "image" == after.spec.kind:
        return _images(example, before, after)
    if example.show == "planes":
        after = Seen(_stretched(after.array, (0, 2)), after.spec)
    return _panels(before, after)


def _images(example: Example, before: Seen, after: Seen) -> tuple[Image.Image, Image.Image]:
    """Return two images at one scale, so that a crop is smaller than what it was cut from."""
    pair = [Image.fromarray(as_picture(before.array)), _visible(example, after.array)]
    if example.show == "strokes":  # a block of HOG is a pixel, and has no scale
        pair[1] = pair[1].resize(pair[0].size, Image.Resampling.LANCZOS)
    factor = min(1, *(_WIDTH / p.width for p in pair), *(_HEIGHT / p.height for p in pair))
    left, right = (_scaled(p, factor, factor) for p in pair)
    return left, right


def _visible(example: Example, image: Array) -> Image.Image:
    """Draw an image result, of any number of channels and any range."""
    if example.show == "strokes":
        return strokes(image)
    if example.show == "picture":
        return Image.fromarray(np.ascontiguousarray(as_picture(image)))
    planes = np.rint(255 * _stretched(image, (0, 1))).astype(np.uint8)
    return _stacked([Image.fromarray(planes[..., i]) for i in range(image.shape[2])])


def _stretched(array: Array, axes: tuple[int, ...]) -> Array:
    """Scale values so that the least along these axes is 0 and the largest is 1."""
    low, high = array.min(axis=axes, keepdims=True), array.max(axis=axes, keepdims=True)
    stretched: Array = (array - low) / np.maximum(high - low, 1e-6)
    return stretched


def _stacked(planes: list[Image.Image]) -> Image.Image:
    """Put channels behind one another, each a sixth lower and further right than the last."""
    width, height = planes[0].size
    step_x, step_y = width // 6, height // 6
    size = (width + step_x * (len(planes) - 1), height + step_y * (len(planes) - 1))
    sheet = Image.new("RGBA", size)
    for place, plane in reversed([*enumerate(planes)]):
        sheet.paste(plane, (step_x * place, step_y * place))
    return sheet


def _panels(before: Seen, after: Seen) -> tuple[Image.Image, Image.Image]:
    """Return sound, spectrograms and views as panels; two sounds have one scale of time."""
    pair = []
    for seen in (before, after):
        pixels = np.ascontiguousarray(panel(seen.array, seen.spec.kind))
        drawn = Image.fromarray(_clear(pixels) if seen.spec.kind == "audio" else pixels)
        shape = drawn.size if seen.spec.kind in {"image", "views"} else (_WIDTH, _HEIGHT)
        pair.append(drawn.resize(shape, Image.Resampling.LANCZOS))
    seconds = [_seconds(seen) for seen in (before, after)]
    if all(seconds):
        longest = max(seconds)
        pair = [_scaled(p, s / longest, 1) for p, s in zip(pair, seconds, strict=True)]
    return pair[0], pair[1]


def _clear(pixels: Array) -> Array:
    """Make the white around a waveform transparent, down to the gap above the spectrogram."""
    white = (pixels == 255).all(axis=2)
    gap = np.flatnonzero(white.all(axis=1))[-1]
    alpha = np.full(white.shape, 255, np.uint8)
    alpha[: gap + 1][white[: gap + 1]] = 0
    return np.dstack((pixels, alpha))


def _seconds(seen: Seen) -> float:
    """Return how long a sound lasts; 0 for everything else."""
    spec = seen.spec
    return seen.array.shape[1] / spec.rate if isinstance(spec, AudioSpec) and spec.rate else 0.0


def _strip(frames: Array) -> Image.Image:
    """Return the middles of equal parts of a video, or all of its frames, in a row."""
    shown = min(len(frames), _FRAMES)
    chosen = [(2 * i + 1) * len(frames) // (2 * shown) for i in range(shown)]
    width = (_STRIP - _SEAM * (_FRAMES - 1)) // _FRAMES
    height = round(width * frames.shape[1] / frames.shape[2])
    strip = Image.new("RGBA", (_STRIP, height))
    for place, index in enumerate(chosen):
        frame = Image.fromarray(np.ascontiguousarray(as_picture(frames[index])))
        strip.paste(
            frame.resize((width, height), Image.Resampling.LANCZOS), (place * (width + _SEAM), 0)
        )
    return strip


def _scaled(picture: Image.Image, across: float, down: float) -> Image.Image:
    size = (max(1, round(picture.width * across)), max(1, round(picture.height * down)))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def _beside(left: Image.Image, right: Image.Image) -> Image.Image:
    """Put two pictures side by side, their middles in line, an arrow between them."""
    height = max(left.height, right.height)
    sheet = Image.new("RGBA", (left.width + _ARROW + right.width, height))
    sheet.paste(left, (0, (height - left.height) // 2))
    sheet.paste(right, (left.width + _ARROW, (height - right.height) // 2))
    sheet.alpha_composite(_arrow(), (left.width, (height - _ARROW) // 2))
    return sheet


def _below(upper: Image.Image, lower: Image.Image) -> Image.Image:
    """Put two strips one below the other, an arrow between them."""
    sheet = Image.new("RGBA", (upper.width, upper.height + _ARROW + lower.height))
    sheet.paste(upper, (0, 0))
    sheet.alpha_composite(_arrow().rotate(-90), (12, upper.height))
    sheet.paste(lower, (0, upper.height + _ARROW))
    return sheet


def _arrow() -> Image.Image:
    """Return an arrow to the right, smooth, in a square."""
    large = Image.new("RGBA", (4 * _ARROW, 4 * _ARROW))
    pen = ImageDraw.Draw(large)
    pen.line((36, 80, 116, 80), INK, 10)
    pen.polygon(((88, 52), (128, 80), (88, 108)), INK)
    return large.resize((_ARROW, _ARROW), Image.Resampling.LANCZOS)
