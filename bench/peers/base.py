"""The parts that peers share: the `Peer` type, ImageNet's constants, a .npy body to write into.

Operations return: P1 and P4 uint8, (H, W) and (H, W, 3); P2 a .npy file as bytes; P3 and P5
float32, (3, 224, 224) and (N, 3, 224, 224); P1 PNG and P1 JPEG a file as bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

# NamedTuple and not dataclass, because cold starts are measured through this module.
Box: TypeAlias = tuple[int, int, int, int]  # top, left, height, width
Floats: TypeAlias = NDArray[np.float32]
Pixels: TypeAlias = NDArray[np.uint8]

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
SCALE = tuple(np.float32(1 / (255 * s)) for s in STD)
SHIFT = tuple(np.float32(-m / s) for m, s in zip(MEAN, STD, strict=True))


class Peer(NamedTuple):
    """One way to run the pipelines.

    Parameters
    ----------
    name : str
        The row of the table.
    about : str
        A description in one line.
    operations : mapping
        The function for each key of `cases.PIPELINES`.
    packages : tuple of str
        The distributions whose versions are reported.
    antialiased : bool
        The others are listed separately: they do less work, and models see aliases.
    gray : {"rec601", "rec709"}
        The weights of its gray conversion; the reference uses the same.
    role : {"peer", "ours", "aside"}
        Peers are compared with ours. Those aside do less or other work: they are timed, and their
        answers are not checked.
    """

    name: str
    about: str
    operations: Mapping[str, Callable[..., Any]]
    packages: tuple[str, ...]
    antialiased: bool = True
    gray: str = "rec601"
    role: Literal["peer", "ours", "aside"] = "peer"


def shorter_to(size: int, height: int, width: int) -> tuple[int, int]:
    """Return height and width with the shorter side made `size`, as torchvision rounds."""
    if height <= width:
        return size, int(size * width / height)
    return int(size * height / width), size


def centred(height: int, width: int, size: int = 224) -> tuple[int, int]:
    """Return top and left of a centre crop, as torchvision rounds."""
    return round((height - size) / 2), round((width - size) / 2)


def reduction(held: tuple[int, int], wanted: tuple[int, int], gap: float = 2) -> int:
    """Return the factor by which the decoder may reduce a JPEG, down to `gap` times the target size.

    Pillow's thumbnail uses 2.
    """
    fits = (
        k for k in (8, 4, 2) if min(h / w for h, w in zip(held, wanted, strict=True)) >= k * gap
    )
    return next(fits, 1)


_HEADER = (
    b"\x93NUMPY\x01\x00v\x00"
    + b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 224, 224), }".ljust(117)
    + b"\n"
)


def npy_body() -> tuple[bytearray, Floats]:
    """Return the body of a .npy file of shape (3, 224, 224), and its samples to write into."""
    body = bytearray(len(_HEADER) + 4 * 3 * 224 * 224)
    body[: len(_HEADER)] = _HEADER
    return body, np.frombuffer(body, np.float32, offset=len(_HEADER)).reshape(3, 224, 224)


def normalise(pixels: Pixels, out: Floats) -> Floats:
    """Convert (H, W, 3) uint8 to (3, H, W) float32, in the fastest way found in NumPy."""
    np.copyto(out, pixels.transpose(2, 0, 1))
    for plane, scale, shift in zip(out, SCALE, SHIFT, strict=True):
        np.multiply(plane, scale, out=plane)
        np.add(plane, shift, out=plane)
    return out


def normalised(pixels: Pixels) -> Floats:
    """Do the same into a new array."""
    return normalise(pixels, np.empty((3, *pixels.shape[:2]), np.float32))


def as_npy(pixels: Pixels) -> bytearray:
    """Do the same into a .npy file."""
    body, out = npy_body()
    normalise(pixels, out)
    return body


def each(transform: Callable[[Pixels, Floats], object]) -> Callable[[Pixels], Floats]:
    """Return P5 from a function that writes one image into its place in the batch."""

    def run(batch: Pixels) -> Floats:
        out = np.empty((len(batch), 3, 224, 224), np.float32)
        for image, place in zip(batch, out, strict=True):
            transform(image, place)
        return out

    return run
