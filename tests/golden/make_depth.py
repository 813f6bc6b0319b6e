"""Make `depth.npz`: image files of 16 bits and floats by libvips, and the samples that OpenCV reads.

Run by hand, in an environment that has both, when a file is added::

    make .venv-bench/stamp
    .venv-bench/bin/python tests/golden/make_depth.py

Knows nothing of `preprocessing`. OpenCV reads PNG by libpng and TIFF by libtiff. It has no PNG of gray
with alpha and drops no alpha, so libvips reads those. Keys are ``"NAME file"`` and ``"NAME samples"``.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pyvips

FORMATS = {"uint16": "ushort", "float32": "float"}


def picture(channels: int, dtype: str) -> np.ndarray:
    """Return waves with noise, (13, 19, channels), whose low bytes are as busy as the high ones."""
    y, x, c = np.ogrid[:13, :19, :channels]
    waves = 0.5 + 0.4 * np.sin(y / 3.1 + c) * np.cos(x / 4.3 - c)
    waves = waves + np.random.default_rng(20261130).normal(0, 0.01, waves.shape)
    if dtype == "float32":
        return (waves * 3 - 1).astype(np.float32)  # some are below 0 and above 1
    return (waves.clip(0, 1) * 65_535).astype(np.uint16)


def files() -> dict[str, bytes]:
    """Return the files by name."""
    found = {}
    spaces = {1: "grey16", 2: "grey16", 3: "rgb16", 4: "rgb16"}
    for channels, name in ((1, "gray"), (2, "gray alpha"), (3, "RGB"), (4, "RGBA")):
        image = pyvips.Image.new_from_array(
            picture(channels, "uint16"), interpretation=spaces[channels]
        )
        found[f"png {name}"] = image.pngsave_buffer(filter="all")
        found[f"png {name} interlaced"] = image.pngsave_buffer(filter="all", interlace=True)
        if channels in (1, 3):
            found[f"tiff {name}"] = image.tiffsave_buffer()
            for packed in ("lzw", "deflate"):
                saved = image.tiffsave_buffer(compression=packed, predictor="horizontal")
                found[f"tiff {name} {packed}"] = saved
            tiles = {"tile": True, "tile_width": 16, "tile_height": 16}
            found[f"tiff {name} tiles"] = image.tiffsave_buffer(**tiles)
            floats = pyvips.Image.new_from_array(picture(channels, "float32"))
            found[f"tiff float {name}"] = floats.tiffsave_buffer()
            for packed in ("lzw", "deflate"):
                saved = floats.tiffsave_buffer(compression=packed, predictor="float", **tiles)
                found[f"tiff float {name} {packed}"] = saved
    return found


def samples(data: bytes, name: str) -> np.ndarray:
    """Return the samples as the library reads them, with a third axis and colours as RGB."""
    if "alpha" in name or "RGBA" in name:
        return pyvips.Image.new_from_buffer(data, "").numpy()
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return read[:, :, None] if read.ndim == 2 else read[:, :, ::-1]


if __name__ == "__main__":
    arrays = {
        "made by": np.array(
            f"libvips {pyvips.version(0)}.{pyvips.version(1)}, OpenCV {cv2.__version__}"
        )
    }
    for name, data in files().items():
        arrays[f"{name} file"] = np.frombuffer(data, np.uint8)
        arrays[f"{name} samples"] = samples(data, name)
    path = Path(__file__).with_name("depth.npz")
    np.savez_compressed(path, **arrays)
    print(f"{path}: {len(arrays)} arrays, {path.stat().st_size} bytes")  # noqa: T201
