"""`Compute`: a kernel whose result's spec is known when the plan is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from preprocessing.frozen import frozen
from preprocessing.media import Spec
from preprocessing.stages.base import Stage, _brief

if TYPE_CHECKING:
    from preprocessing.limits import Limits
    from preprocessing.media import Array


@frozen
class Compute(Stage):
    """A kernel and its arguments, of whatever kind: a new array of a spec that is told.

    Parameters
    ----------
    kernel : callable
        Takes the array and the arguments; gives a new array, or a view that nothing is written to.
    arguments : tuple
    result : Spec
        What comes out.
    """

    kernel: Callable[..., Array]
    arguments: tuple[Any, ...]
    result: Spec

    def __str__(self) -> str:
        return f"{self.kernel.__name__}({', '.join(map(_brief, self.arguments))})"

    def output(self, spec: Any) -> Spec:
        return self.result

    def require(self, spec: Any, limits: Limits) -> None:
        """Ask nothing: the planner has asked for the result, and no more is held."""

    def apply(self, array: Array, out: Array | None = None) -> Array:
        return self.kernel(array, *self.arguments)
