"""`Compute`: a stage for any kind, whose result's spec is known when the plan is made."""

from __future__ import annotations

from typing import Any

from preprocessing.frozen import frozen
from preprocessing.media import Spec
from preprocessing.planner.stages.base import Kernel


@frozen
class Compute(Kernel):
    """Stage that calls a kernel for arrays of any kind.

    Parameters
    ----------
    kernel, arguments
        As for `Kernel`.
    result : Spec
        Spec of the result.
    """

    result: Spec

    def output(self, spec: Any) -> Spec:
        return self.result

    def matrix(self, spec: Any) -> None:
        return None
