"""`Compute`: any kernel, of any kind of media."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from preprocessing.frozen import frozen
from preprocessing.media import Array, Spec
from preprocessing.stages.base import Stage, brief

if TYPE_CHECKING:
    from preprocessing.limits import Limits


@frozen
class Compute(Stage):
    """A kernel and its arguments: what comes out is another array, of a spec that is told.

    Parameters
    ----------
    kernel : callable
        Takes the array and the arguments; gives a new array, or a view that nothing is written to.
    arguments : tuple
    result : Spec
        What comes out; None in it where only the content tells.
    """

    kernel: Callable[..., Array]
    arguments: tuple[Any, ...]
    result: Spec

    def __str__(self) -> str:
        return f"{self.kernel.__name__}({', '.join(map(brief, self.arguments))})"

    def output(self, spec: Spec) -> Spec:
        return self.result

    def require(self, spec: Spec, limits: Limits) -> None:
        """Nothing: results are checked, by their specs, where the plan is built."""

    def apply(self, array: Array, out: Array | None = None) -> Array:
        return self.kernel(array, *self.arguments)
