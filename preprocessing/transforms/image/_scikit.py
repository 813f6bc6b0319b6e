"""Check that scikit-image is installed, for the transforms that it computes."""

from __future__ import annotations

from preprocessing.optional_deps import require_installed


def require_scikit_image(name: str) -> None:
    """Raise SpecError unless scikit-image is installed; `name` is the step that needs it."""
    require_installed("skimage", "scikit-image", "skimage", what=repr(name))
