"""`Compute`: a kernel whose result's spec is known when the plan is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from preprocessing.frozen import frozen
from preprocessing.media import Spec
from preprocessing.stages.base import Kernel

if TYPE_CHECKING:
    from preprocessing.limits import Limits


@frozen
class Compute(Kernel):
    """A kernel for any kind: a new array of a spec that is told.

    Parameters
    ----------
    kernel, arguments
        As for `Kernel`.
    result : Spec
        What comes out.
    """

    result: Spec

    def output(self, spec: Any) -> Spec:
        return self.result

    def require(self, spec: Any, limits: Limits) -> None:
        """Ask nothing: the planner has asked for the result, and no more is held."""
