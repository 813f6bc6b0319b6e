"""What the transforms that scikit-image computes ask before it is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.errors import IncompatibleSource
from preprocessing.optional_deps import require_installed

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec


def need_gray_or_rgb(spec: ImageSpec) -> None:
    """Raise IncompatibleSource unless the image has 1 or 3 channels."""
    if spec.channels not in (1, 3):
        raise IncompatibleSource(f"takes 1 or 3 channels, the image has {spec.channels}")


def need_scikit_image(name: str) -> None:
    """Raise SpecError where scikit-image is not installed; the step is the one called `name`."""
    require_installed("skimage", "scikit-image", "skimage", what=repr(name))
