"""What can be seen of images, masks, views of an image, and sections of views."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jitprep.playground.drawing.numbers import not_finite
from jitprep.playground.drawing.pictures import put_picture
from jitprep.playground.drawing.view import Frame, View
from preprocessing.media import times
from preprocessing.preview.images import as_picture, mask_colours, normalized_by
from preprocessing.spec.sections import divide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitprep.playground.desk import Desk
    from preprocessing.encodings import Encoding
    from preprocessing.media import Array
    from preprocessing.spec.view_specs import SectionsSpec
    from preprocessing.transforms import Transform

# Pixels of the largest picture that is sent. Of a larger image every second row and column is, or
# every third, so that each pixel of the picture is one of the image.
_MOST_PIXELS = 4_000_000
_MOST_VIEWS = 64
# Bytes of an image whose values are kept for the cursor: several of them lie on the desk.
_MOST_KEPT = 64 * 2**20
# Opacity of a mask that lies over an image.
_TRANSLUCENT = 150
# How far filters may overshoot [0, 1]. Floats that are farther out have another range.
_OVERSHOOT = 1.0
_ROUNDING = 0.5 / 255


def draw_image(desk: Desk, image: Array, steps: Sequence[Transform] = ()) -> View:
    """Draw an image, (H, W, C), of any type.

    Parameters
    ----------
    desk : Desk
    image : ndarray
        It is kept, unless it is very large, so it must not change.
    steps : sequence of Transform
        The steps that made it. A normalisation among them is undone.
    """
    frame, how = image_frame(desk, image, steps)
    return View(
        "image", captioned("image", image), how, (frame,), 1, more=not_finite(image) or None
    )


def draw_index(desk: Desk, ids: Array) -> View:
    """Draw a mask of class ids, (H, W, 1), in the colours of PASCAL VOC's masks."""
    picture = mask_colours(_thinned(ids)[:, :, 0])
    frame = put_picture(desk, picture, array=ids, size=ids.shape[:2])
    return View("index", captioned("index", ids), "a colour for each class", (frame,), 1)


def draw_views(desk: Desk, views: Array, steps: Sequence[Transform] = ()) -> View:
    """Draw views of an image, (N, H, W, C)."""
    frames, how = _drawn_views(desk, views, steps, "view")
    more = not_finite(views) or None
    return View("views", captioned("views", views), how, frames, len(views), more=more)


def draw_sections(
    desk: Desk, array: Array, spec: SectionsSpec, steps: Sequence[Transform], encoding: Encoding
) -> View:
    """Draw the views of each section, labelled by its key.

    Parameters
    ----------
    desk : Desk
    array : ndarray, shape (samples,)
    spec : SectionsSpec
    steps : sequence of Transform
        All steps of the pipeline.
    encoding : Encoding
        Its layout is the array's.
    """
    shared, sections = divide(steps)
    parts = encoding.parts(array, spec)
    frames, hows, count = tuple[Frame, ...](), dict[str, None](), 0
    for section, (key, views) in zip(sections, spec.sections, strict=True):
        own = [step for _, step in (*shared, *section.steps)]
        made, how = _drawn_views(desk, encoding.as_planned(parts[key], views), own, key)
        frames, count = (*frames, *made), count + views.count
        hows[how] = None
    how = ", ".join(filter(None, hows))
    return View("sections", f"sections {spec}", how, frames, count, more=not_finite(array) or None)


def image_frame(
    desk: Desk, image: Array, steps: Sequence[Transform] = (), *, label: str = ""
) -> tuple[Frame, str]:
    """Lay an image, (H, W, C), on the desk, and return how its values were made visible."""
    picture, how = _visible(_thinned(image), steps)
    kept = image if image.nbytes <= _MOST_KEPT else None
    return put_picture(desk, picture, array=kept, size=image.shape[:2], label=label), how


def overlay_frame(desk: Desk, ids: Array) -> Frame:
    """Lay a mask of class ids, (H, W), on the desk, translucent: to be shown over an image.

    Class 0, the background, is transparent.
    """
    thin = _thinned(ids)
    opacity = np.where(thin == 0, 0, _TRANSLUCENT).astype(np.uint8)
    pixels = np.dstack([mask_colours(thin), opacity])
    return put_picture(desk, pixels, array=ids[:, :, None], size=ids.shape)


def captioned(kind: str, array: Array) -> str:
    """Return what an array is: ``image 224×224×3 float32``."""
    return f"{kind} {times(*array.shape)} {array.dtype}"


def _thinned(image: Array) -> Array:
    """Return an image with every second row and column, or every third, if it is too large to show."""
    (height, width), step = image.shape[:2], 1
    while (height // step) * (width // step) > _MOST_PIXELS:
        step += 1
    return image[step // 2 :: step, step // 2 :: step]


def _drawn_views(
    desk: Desk, views: Array, steps: Sequence[Transform], name: str
) -> tuple[tuple[Frame, ...], str]:
    drawn = [
        image_frame(desk, view, steps, label=f"{name} {number}")
        for number, view in enumerate(views[:_MOST_VIEWS])
    ]
    hows = dict.fromkeys(how for _, how in drawn if how)
    return tuple(frame for frame, _ in drawn), ", ".join(hows)


def _visible(image: Array, steps: Sequence[Transform]) -> tuple[Array, str]:
    """Return an image of any type as (H, W, 3) uint8, and how."""
    hows = []
    channels = image.shape[2]
    if channels not in (1, 3):
        image = image[:, :, :1]
        hows.append(f"the first of {channels} channels")
    if image.dtype == np.uint16:
        hows.append("the upper 8 of 16 bits")
    elif image.dtype.kind == "f":
        image, how = _unit(image, steps)
        hows += how
    return as_picture(image), ", ".join(hows)


def is_within_unit(image: Array) -> bool:
    """Whether floats are in [0, 1], but for the overshoot of filters."""
    least, most = _extremes(image)
    return least >= -_OVERSHOOT and most <= 1 + _OVERSHOOT


def _unit(image: Array, steps: Sequence[Transform]) -> tuple[Array, list[str]]:
    """Bring floats to [0, 1], and return how."""
    hows = []
    with np.errstate(over="ignore", invalid="ignore"):
        normalization = normalized_by(steps)
        if normalization is not None:
            mean, std = (np.array(of, np.float32) for of in normalization.constants)
            if image.shape[2] in (1, mean.size):
                image = image * std + mean
                hows.append("normalisation undone")
        least, most = _extremes(image)
        if not is_within_unit(image):
            image = (image - np.float32(least)) / np.float32(most - least)
            hows.append(f"{least:.4g} to {most:.4g} shown as black to white")
        elif least < -_ROUNDING or most > 1 + _ROUNDING:
            hows.append("values outside of 0 to 1 clipped")
    if np.isnan(image).any():
        hows.append("NaN shown in black")
    return image, hows


def _extremes(image: Array) -> tuple[float, float]:
    """Return the least and the most of the finite values, and at least of 0.5."""
    finite = np.isfinite(image)
    least, most = (extreme(image, initial=0.5, where=finite) for extreme in (np.min, np.max))
    return float(least), float(most)
