"""`Compute`: a kernel whose result's spec is known when the plan is made."""

from __future__ import annotations

from typing import Any

from preprocessing.frozen import frozen
from preprocessing.media import Spec
from preprocessing.planner.stages.base import Kernel


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
