"""Photographs of the demo, which scikit-image ships, as JPEG."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from jitprep.cli.console import fail
from preprocessing import Pipeline

# Shipped as JPEG, and used unchanged.
_JPEGS = ("rocket.jpg", "retina.jpg", "hubble_deep_field.jpg")
# Shipped as PNG, and converted to JPEG.
_PNGS = ("astronaut.png", "chelsea.png", "coffee.png")


def photographs() -> dict[str, bytes]:
    """Return JPEG files by key."""
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        fail("the demo's photographs ship with scikit-image: pip install 'jitprep[demo]'", 2)
    data = Path(spec.origin).parent / "data"
    as_jpeg = Pipeline.parse("jpeg:quality=90")
    photos = {name: (data / name).read_bytes() for name in _JPEGS}
    for name in _PNGS:
        photos[f"{Path(name).stem}.jpg"] = bytes(as_jpeg.encode(data / name).body)
    return photos
