"""`Compute`: the stage that runs any kernel, on an array of any kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from preprocessing.frozen import frozen
from preprocessing.stages.base import Stage

if TYPE_CHECKING:
    from preprocessing.limits import Limits
    from preprocessing.media import Array, Spec


@frozen
class Compute(Stage):
    """A kernel and its arguments: an operation that no rule knows more of.

    Parameters
    ----------
    kernel : callable
        Takes the array and the arguments; gives a new array, or a view that nothing is written to.
    arguments : tuple
    result : Spec
        What comes out. Its size was held against the limits as the plan was made.
    """

    kernel: Callable[..., Array]
    arguments: tuple[Any, ...]
    result: Spec

    def __str__(self) -> str:
        return f"{self.kernel.__name__}({', '.join(map(repr, self.arguments))})"

    def output(self, spec: Any) -> Spec:
        return self.result

    def require(self, spec: Any, limits: Limits) -> None:
        """Nothing more than the result is held."""

    def apply(self, array: Array, out: Array | None = None) -> Array:
        return self.kernel(array, *self.arguments)
