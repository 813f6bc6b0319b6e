"""What the planner's rewrites change of a result, measured on one source."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from jitprep.playground.looking.differences import NO_DIFFERENCE, Difference, measure_difference
from preprocessing.cancellation import checkpoint
from preprocessing.errors import LimitExceeded
from preprocessing.planner.execute import execute
from preprocessing.planner.plan import build
from preprocessing.planner.rewrites import RULES, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jitprep.playground.looking.subject import Subject
    from preprocessing import Plan
    from preprocessing.media import Array
    from preprocessing.sources import Loaded


class RuleTrials:
    """Results of one read, each planned with other rewrites and the same random draws.

    Parameters
    ----------
    subject : Subject
    loaded : Loaded
    seed : int
        Of the read.
    seconds : float
        After which `differences` measures nothing more.
    """

    def __init__(self, subject: Subject, loaded: Loaded, seed: int, seconds: float) -> None:
        self._subject, self._loaded, self._seed = subject, loaded, seed
        self._until = time.monotonic() + seconds
        self._results: dict[tuple[str, ...], Array] = {}

    def difference_to_exact(self, plan: Plan, result: Array) -> Difference:
        """Compare the result of the read with that of the exact pipeline. Raises LimitExceeded."""
        if all(rule.exact for rule in plan.rewrites):
            return NO_DIFFERENCE
        return self._compared(result, self._result(_EXACT))

    def differences(self, plan: Plan) -> Iterator[tuple[Rule, Difference | None]]:
        """Yield each rewrite of the read's plan, with what it changes beside those before it.

        None where measuring it would take too long or too much memory.
        """
        allowed = list[Rule]()
        for rule in plan.rewrites:
            before = [other for other in RULES if other in allowed]
            allowed.append(rule)
            after = [other for other in RULES if other in allowed]
            yield rule, self._difference(before, after)

    def _difference(self, before: Sequence[Rule], after: Sequence[Rule]) -> Difference | None:
        if time.monotonic() > self._until:
            return None
        try:
            return self._compared(self._result(after), self._result(before))
        except LimitExceeded:
            return None

    def _compared(self, one: Array, other: Array) -> Difference:
        pipeline = self._subject.pipeline
        return measure_difference(one, other, pipeline.result, pipeline.steps)

    def _result(self, rules: Sequence[Rule]) -> Array:
        names = tuple(rule.name for rule in rules)
        checkpoint()
        if names not in self._results:
            found = execute(self._plan(rules), self._loaded.content)
            self._results[names] = found.copy(order="K")
        return self._results[names]

    def _plan(self, rules: Sequence[Rule]) -> Plan:
        pipeline, limits = self._subject.pipeline, self._subject.limits
        draws = self._subject.draws(self._seed)
        start = self._loaded.start
        plan = build(pipeline.steps, pipeline.encoding, start, limits, rules=rules, draws=draws)
        plan.require(len(self._subject.item.content), limits)
        return plan


_EXACT = tuple(rule for rule in RULES if rule.exact)
