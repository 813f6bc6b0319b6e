"""What transforms of text have in common."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from preprocessing.errors import SpecError
from preprocessing.kernels.text.each import each
from preprocessing.stages import Compute, Stage
from preprocessing.transforms.base import FixedTransform

if TYPE_CHECKING:
    from preprocessing.media import TextSpec


class TextTransform(FixedTransform):
    """Base of those that change each document by itself, and leave as many."""

    takes = ("text",)

    def infer(self, spec: TextSpec) -> TextSpec:
        return spec


def each_text(spec: TextSpec, change: Callable[..., str], *arguments: object) -> tuple[Stage, ...]:
    """Return the stage that changes each document."""
    return (Compute(each(change), arguments, spec),)


def need(module: str, library: str, name: str) -> None:
    """Raise SpecError where a library of the extra ``text`` is not installed, for the step `name`.

    Asked when a plan is made, not when a pipeline is parsed: a pipeline may be written where it does
    not run.
    """
    if find_spec(module) is None:
        raise SpecError(
            f"{name!r} needs {library}, which is not installed; pip install 'jitprep[text]'"
        )
