"""Lookup tables of 256 levels, for pointwise operations on 8-bit samples.

A table is `bytes` of length 256, which is hashable, comparable, and merges with the next one by
``first.translate(second)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.kernels.temporaries import per_pixel, per_sample, temporaries

if TYPE_CHECKING:
    from preprocessing.media import Array

_LEVELS = np.arange(256, dtype=np.uint8)


def table_of(kernel: Callable[..., Array], *arguments: Any) -> bytes:
    """Return the table of a pointwise kernel: its result for each level.

    Parameters
    ----------
    kernel : callable
        Takes a uint8 image of one channel and `arguments`.
    """
    return kernel(_LEVELS.reshape(16, 16, 1), *arguments).tobytes()


@temporaries(per_sample(2))
def apply_table(image: Array, table: bytes) -> Array:
    """Replace each sample by its entry in a table.

    Parameters
    ----------
    image : ndarray of uint8, any shape
    table : bytes of length 256

    Returns
    -------
    ndarray
        New, in the memory order of `image`.

    Notes
    -----
    `bytes.translate` takes 0.6 ns a sample, half of what `numpy.take` takes, because that casts indices
    to eight bytes first. It allocates two copies of the image on the way. A table that only flips or
    clears bits is done by vector instructions, in a twentieth of the time.
    """
    entries = np.frombuffer(table, np.uint8)
    result = np.empty_like(image)
    if np.array_equal(entries, _LEVELS ^ entries[0]):
        np.bitwise_xor(image, entries[0], out=result)
        return result
    if np.array_equal(entries, _LEVELS & entries[255]):
        np.bitwise_and(image, entries[255], out=result)
        return result
    np.copyto(result, image)
    flat = result.ravel(order="K")
    flat[...] = np.frombuffer(flat.tobytes().translate(table), np.uint8)
    return result


@temporaries(per_pixel(2))
def apply_tables(image: Array, tables: Sequence[bytes]) -> Array:
    """Replace the samples of each channel by their entries in that channel's table.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, C)
    tables : sequence of C tables

    Returns
    -------
    ndarray, shape (H, W, C)
        New and planar. Two copies of one channel are allocated on the way.
    """
    height, width, channels = image.shape
    result = np.empty((channels, height, width), np.uint8)
    for channel, table in enumerate(tables):
        samples = image[..., channel].tobytes().translate(table)
        result[channel] = np.frombuffer(samples, np.uint8).reshape(height, width)
    return result.transpose(1, 2, 0)
