"""Base classes of the transforms.

A transform describes an operation in the user's terms. `input_kinds` lists the kinds that it takes, and
`infer` returns the spec of its result for the spec of its input, so that impossible pipelines fail when
they are parsed. Once the size of the source is known, a random transform chooses fixed ones, and a fixed
one is lowered to physical stages. No samples are needed for this.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from preprocessing.media import Kind
from preprocessing.spec.step import StepBase, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing.limits import Limits
    from preprocessing.planner.stages import Stage
    from preprocessing.planner.stages.frame_selection import FrameSelection
    from preprocessing.rng import Draws

# The kinds of a step that only moves pixels: class ids stay, as long as none is mixed with another.
MOVABLE: tuple[Kind, ...] = ("image", "video", "index")

# JPEG's longest side. A larger size is a mistake, or an attempt to fill the memory.
MAX_SIDE = 65_535


def require_side_lengths(name: str, value: int | tuple[int, ...]) -> None:
    """Raise SpecError unless each number is from 1 to `MAX_SIDE`."""
    given = (value,) if isinstance(value, int) else value
    require(
        1 <= min(given) <= max(given) <= MAX_SIDE,
        f"{name}: must be from 1 to {MAX_SIDE}, got {value}",
    )


def height_and_width(size: int | tuple[int, int]) -> tuple[int, int]:
    """Return height and width; one number is the side of a square."""
    return (size, size) if isinstance(size, int) else size


class Transform(StepBase):
    """One step of a pipeline.

    Specs are typed as Any here, because each transform takes only specs of its `input_kinds`, which the
    planner checks.
    """

    input_kinds: ClassVar[tuple[Kind, ...]] = ("image", "video")
    output_kind: ClassVar[Kind | None] = None
    """Kind of the result; None if it is that of the input."""
    random: ClassVar[bool] = False
    """Whether the result depends on the seed."""

    @abstractmethod
    def infer(self, spec: Any) -> Any:
        """Return the spec of the result for input of `spec`; sizes may be None in both.

        Raises
        ------
        IncompatibleSource
            If input of `spec` cannot be transformed.
        """


class FixedTransform(Transform):
    """A transform that is the same for all input of one spec."""

    @abstractmethod
    def lower(self, spec: Any) -> tuple[Stage, ...]:
        """Return the stages for input of `spec`, whose sizes are known."""


class Selection(Transform):
    """A transform that selects frames of a video, before they are decoded.

    Its position among transforms of single frames does not matter.
    """

    input_kinds = ("video",)

    @abstractmethod
    def narrow(self, choice: FrameSelection, limits: Limits) -> FrameSelection:
        """Return the frames that are left of those selected so far.

        Raises
        ------
        IncompatibleSource, LimitExceeded
        """


class Branch(Transform):
    """A transform that begins a section of the pipeline: the steps up to the next branch.

    A section is applied `count` times to the result of the steps before the first branch.
    """

    input_kinds = ("image",)
    count: int
    key: str


class RandomTransform(Transform):
    """A transform that depends on random numbers."""

    random: ClassVar[bool] = True

    @abstractmethod
    def choose(self, spec: Any, draws: Draws) -> Sequence[Transform]:
        """Draw fixed transforms for input of `spec`.

        Parameters
        ----------
        spec : Spec
            With known sizes.
        draws : Draws
            Source of all random numbers.

        Returns
        -------
        sequence of Transform
            In order; empty if nothing changes. Their result has the spec that `infer` returned, where
            that is known.
        """
