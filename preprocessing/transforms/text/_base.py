"""Base class and checks of the transforms of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from preprocessing.kernels.text.map_texts import map_texts
from preprocessing.optional_deps import require_installed
from preprocessing.planner.stages import Compute, Stage
from preprocessing.transforms._base import FixedTransform

if TYPE_CHECKING:
    from preprocessing.media import TextSpec


class TextTransform(FixedTransform):
    """Base of transforms that change each document separately."""

    input_kinds = ("text",)

    def infer(self, spec: TextSpec) -> TextSpec:
        return spec


def each_text(spec: TextSpec, change: Callable[..., str], *arguments: object) -> tuple[Stage, ...]:
    """Return the stage that changes each document."""
    return (Compute(map_texts(change), arguments, spec),)


def require_text_library(module: str, library: str, name: str) -> None:
    """Raise SpecError unless a library of the extra ``text`` is installed; the step `name` needs it."""
    require_installed(module, library, "text", what=repr(name))
