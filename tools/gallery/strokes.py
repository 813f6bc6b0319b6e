"""HOG as a picture: in each block, a stroke along the edge of each orientation."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from preprocessing.media import Array

_CELL = 24


def strokes(descriptor: Array, cell: int = _CELL) -> Image.Image:
    """Draw histograms of oriented gradients, (rows, columns, orientations) of one cell per block.

    A stroke lies along the edge, at a right angle to its gradient, and is lighter the stronger it is.
    """
    rows, columns, orientations = descriptor.shape
    sheet = Image.new("RGB", (columns * cell, rows * cell), "black")
    pen = ImageDraw.Draw(sheet)
    radius = cell / 2 - 1
    # Squared, because a cell without edges has equally long strokes of all orientations.
    strength = np.rint(255 * (descriptor / max(float(descriptor.max()), 1e-6)) ** 2).astype(int)
    for row, column in np.ndindex(rows, columns):
        middle = ((column + 0.5) * cell, (row + 0.5) * cell)
        for place in np.argsort(strength[row, column]):  # the strongest on top
            angle = math.pi * (place + 0.5) / orientations
            # The gradient points to (cos, sin), and the edge to (-sin, cos), with y downwards.
            across, down = radius * math.sin(angle), radius * math.cos(angle)
            ends = (middle[0] + across, middle[1] - down, middle[0] - across, middle[1] + down)
            pen.line(ends, (strength[row, column, place],) * 3, 2)
    return sheet
