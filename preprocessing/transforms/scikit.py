"""What the transforms that scikit-image computes ask before it is imported."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from preprocessing.errors import IncompatibleSource, SpecError

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec


def need_gray_or_rgb(spec: ImageSpec) -> None:
    """Raise IncompatibleSource unless the image has 1 or 3 channels."""
    if spec.channels not in (1, 3):
        raise IncompatibleSource(f"takes 1 or 3 channels, the image has {spec.channels}")


def need_scikit_image(name: str) -> None:
    """Raise SpecError where scikit-image is not installed; the step is the one called `name`.

    Asked when a plan is made, not when a pipeline is parsed: a pipeline may be written where it does
    not run.
    """
    if find_spec("skimage") is None:
        raise SpecError(
            f"{name!r} needs scikit-image, which is not installed; pip install 'jitprep[skimage]'"
        )
