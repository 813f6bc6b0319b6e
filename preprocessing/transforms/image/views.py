"""Views."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.spec.step import require
from preprocessing.transforms._base import Branch

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

_MOST_VIEWS = 2**20
_KEY = re.compile(r"[A-Za-z0-9_.-]*")  # what a header of HTTP and a URL can contain as it is


@frozen
class Views(Branch):
    """Apply the steps after it several times, each time with new random draws, and stack the results.

    Parameters
    ----------
    count : int
        Number of views.
    key : str
        Name of the views, where the pipeline has several sections.

    Notes
    -----
    The image is decoded once, and the steps before this one are applied once. The steps after it, up to
    the next `Views` or the encoding, are a section, and each view begins from the same image. The result
    has the shape (count, C, H, W), or (count, H, W, C) with ``layout=hwc``.

    Several sections give several arrays. All begin from the result of the steps before the first
    `Views`; each has a `key` of its own, which names its tensor in `Safetensors`, the only encoding that
    holds several. ``Pipeline.views`` returns them by key. They must have one dtype.

    The image is decoded at a scale that serves all views, within the tolerances that a plan states.

    Raises
    ------
    SpecError
        If `count` is below 1 or above 1,048,576, or `key` has a character other than letters, digits,
        ``_``, ``.`` and ``-``.
    """

    name: ClassVar[str] = "views"
    count: int
    key: str = ""

    def check(self) -> None:
        require(
            1 <= self.count <= _MOST_VIEWS,
            f"count: must be from 1 to {_MOST_VIEWS}, got {self.count}",
        )
        require(
            _KEY.fullmatch(self.key) is not None,
            f"key: may have letters, digits, _, . and -, got {self.key!r}",
        )

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec
