"""What a transform is.

A transform states a wish in the user's terms. `input_kinds` names the kinds it is for, and `infer`
returns the spec of its result for the spec of its input, which is how impossible pipelines fail when
they are parsed. Once the source's size is known, a random transform chooses the fixed ones that it is
this time, and a fixed one is lowered to physical stages. None of these touches a sample.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from preprocessing.media import Kind
from preprocessing.spec.step import Step, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing.limits import Limits
    from preprocessing.planner.stages import Stage
    from preprocessing.planner.stages.frame_selection import FrameSelection
    from preprocessing.rng import Draws

# JPEG's longest side. A larger wish is a slip, or an attempt to fill the memory.
MAX_SIDE = 65_535


def require_side_lengths(name: str, value: int | tuple[int, ...]) -> None:
    """Raise SpecError unless each number is a side that an image can have."""
    given = (value,) if isinstance(value, int) else value
    require(
        1 <= min(given) <= max(given) <= MAX_SIDE,
        f"{name}: must be from 1 to {MAX_SIDE}, got {value}",
    )


def height_and_width(size: int | tuple[int, int]) -> tuple[int, int]:
    """Return both sides; one number is that of a square."""
    return (size, size) if isinstance(size, int) else size


class Transform(Step):
    """One step of a pipeline.

    Specs are typed as Any here, because each transform takes only specs of its own kinds: the
    planner checks `input_kinds` before it calls.
    """

    input_kinds: ClassVar[tuple[Kind, ...]] = ("image", "video")
    output_kind: ClassVar[Kind | None] = None
    """What kind comes out; None where it is the kind that went in."""

    @abstractmethod
    def infer(self, spec: Any) -> Any:
        """Return the spec of the result for something of `spec`; sizes may be None in both.

        Raises
        ------
        IncompatibleSource
            Where nothing of `spec` can be taken.
        """


class FixedTransform(Transform):
    """A transform that does the same to everything of one spec."""

    @abstractmethod
    def lower(self, spec: Any) -> tuple[Stage, ...]:
        """Return the stages that do this to something of `spec`, whose sizes are known."""


class Selection(Transform):
    """A transform that chooses among the frames of a video, which happens before they are decoded.

    It does not matter where it stands among those that change each frame by itself.
    """

    input_kinds = ("video",)

    @abstractmethod
    def narrow(self, choice: FrameSelection, limits: Limits) -> FrameSelection:
        """Return which of the frames chosen so far are left.

        Raises
        ------
        IncompatibleSource, LimitExceeded
        """


class RandomTransform(Transform):
    """A transform that draws what it does."""

    @abstractmethod
    def choose(self, spec: Any, draws: Draws) -> Sequence[Transform]:
        """Return the transforms that this one is, this time, for something of `spec`.

        Parameters
        ----------
        spec : Spec
            Its sizes are known.
        draws : Draws
            Where every random number comes from.

        Returns
        -------
        sequence of Transform
            In order; none where everything stays as it is. Their result has the spec that `infer` tells,
            where that is known.
        """
