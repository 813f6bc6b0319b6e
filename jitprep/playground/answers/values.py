"""``values``: what is at one pixel of a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitprep.playground.asks import AskRefused
from jitprep.playground.desk import EXPIRED
from jitprep.playground.drawing.numbers import for_json
from jitprep.playground.playground import Playground


def answer(playground: Playground, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values at ``x`` and ``y``, in pixels of what the picture shows, and their type.

    A value that is not finite is text: JSON has no number for it.

    Raises
    ------
    AskRefused
    """
    name, x, y = (asked.get(of) for of in ("asset", "x", "y"))
    if not isinstance(name, str) or type(x) is not int or type(y) is not int:
        raise AskRefused("name an asset, and x and y as whole numbers")
    asset = playground.desk.get(name)
    if asset is None:
        raise AskRefused(EXPIRED)
    if asset.array is None:
        raise AskRefused("the values of this picture are not kept")
    height, width = asset.array.shape[:2]
    if not (0 <= x < width and 0 <= y < height):
        raise AskRefused(f"the picture has {width}×{height} pixels, and none at {x}, {y}")
    found = asset.array[y, x]
    return {"values": list(map(for_json, found.reshape(-1))), "dtype": found.dtype.name}
