"""Photographs from scikit-image, as JPEGs of several sizes. Nothing is downloaded.

They are made once in `build/bench`, so that every run and every child process reads the same bytes.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from PIL import Image

CACHE = Path(__file__).parent.parent / "build" / "bench"
SIZE = (375, 500)  # height and width of a small photograph
SMALL = ("astronaut", "coffee", "rocket", "chelsea")
_TILES = (*SMALL, "ihc", "retina")
_JPEGS = ("rocket", "retina")


def small(name: str) -> bytes:
    """Return a photograph, cut to 4:3 and resized to 500×375, as JPEG 4:2:0 of quality 90."""
    path = CACHE / f"{name}.jpg"
    return path.read_bytes() if path.exists() else _save(_picture(name), path)


def mosaic(height: int, width: int) -> bytes:
    """Return a mosaic of the photographs, cut to size, as JPEG 4:2:0 of quality 90."""
    path = CACHE / f"mosaic-{width}x{height}.jpg"
    if path.exists():
        return path.read_bytes()
    tiles = [_picture(name) for name in _TILES]
    canvas = Image.new("RGB", (width, height))
    rows, columns = -(-height // SIZE[0]), -(-width // SIZE[1])
    for row in range(rows):
        for column in range(columns):
            # Each row is shifted by two, so that no photograph is below itself.
            tile = tiles[(column + 2 * row) % len(tiles)]
            canvas.paste(tile, (column * SIZE[1], row * SIZE[0]))
    return _save(canvas, path)


def _picture(name: str) -> Image.Image:
    found = find_spec("skimage")
    assert found is not None and found.origin is not None
    suffix = "jpg" if name in _JPEGS else "png"
    with Image.open(Path(found.origin).parent / "data" / f"{name}.{suffix}") as image:
        width, height = image.size
        w, h = min(width, height * 4 // 3), min(height, width * 3 // 4)
        left, top = (width - w) // 2, (height - h) // 2
        cut = image.convert("RGB").crop((left, top, left + w, top + h))
    return cut.resize(SIZE[::-1], Image.Resampling.LANCZOS)


def _save(image: Image.Image, path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    image.save(unfinished, "JPEG", quality=90, subsampling="4:2:0")
    unfinished.rename(path)
    return path.read_bytes()
