"""What a transform is.

A transform states a wish in the user's terms. `infer` tells what it makes of an image that is known
only by its spec, which is how impossible pipelines fail when they are parsed; `lower` turns the wish
into physical stages once the source's size is known. Neither touches a pixel.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from preprocessing.grammar.step import Registry, Step

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec
    from preprocessing.stages import Stage


@dataclass(frozen=True, repr=False)
class Transform(Step):
    """One step of a pipeline."""

    @abstractmethod
    def infer(self, spec: ImageSpec) -> ImageSpec:
        """Return the spec of the result for an image of `spec`; sides may be None in both.

        Raises
        ------
        IncompatibleSource
            Where no image of `spec` can be taken.
        """

    @abstractmethod
    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        """Return the stages that do this to an image of `spec`, whose sides are known."""


TRANSFORMS: Registry[Transform] = Registry("transform")
