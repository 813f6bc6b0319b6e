"""The picture on the gallery's first page: what some of the steps make."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from tools.gallery.examples import examples
from tools.gallery.pictures import INK, after_picture

OVERVIEW = "overview.webp"
OVERVIEW_ALT = (
    "Twenty small pictures: a cup of coffee, a cat, a rocket and an astronaut, each changed by one "
    "step, with its name below"
)
_SHOWN = (
    ("adjust_hue", "adjust_contrast", "equalize", "posterize", "hog"),
    ("affine", "invert", "adjust_gamma", "sobel", "canny"),
    ("perspective", "denoise_tv", "vertical_flip", "random_erasing", "blur"),
    ("solarize", "jpeg", "views", "log_mel", "to_ycbcr"),
)
_WIDTH, _HEIGHT, _GAP, _LABEL = 130, 88, 10, 18


def overview_file() -> bytes:
    """Return the picture as WebP."""
    rows, columns = len(_SHOWN), len(_SHOWN[0])
    size = ((_WIDTH + _GAP) * columns - _GAP, (_HEIGHT + _LABEL + _GAP) * rows - _GAP)
    sheet = Image.new("RGBA", size)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for row, names in enumerate(_SHOWN):
        for column, name in enumerate(names):
            left, top = (_WIDTH + _GAP) * column, (_HEIGHT + _LABEL + _GAP) * row
            small = after_picture(examples()[name]).convert("RGBA")
            small.thumbnail((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
            across, down = (_WIDTH - small.width) // 2, (_HEIGHT - small.height) // 2
            sheet.paste(small, (left + across, top + down))
            pen.text((left + _WIDTH / 2, top + _HEIGHT + 3), name, INK, font, anchor="ma")
    stream = BytesIO()
    sheet.save(stream, "WEBP", quality=85)
    return stream.getvalue()
