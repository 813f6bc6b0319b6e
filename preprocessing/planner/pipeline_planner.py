"""The part of `Pipeline` that plans: `plan`, and the plans that are kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from preprocessing.limits import DEFAULT_LIMITS, Limits
from preprocessing.planner import plan as planning
from preprocessing.rng import Draws, Seed
from preprocessing.sources import AnySource, Loaded, load_source
from preprocessing.spec.pipeline_spec import PipelineSpec

if TYPE_CHECKING:
    from preprocessing.media import Content
    from preprocessing.planner.plan import Plan
    from preprocessing.planner.stages import Start

# Plans are cached per source size and format, because a dataset's images come in few sizes.
_PLANS_KEPT = 64
_NO_DRAWS = Draws(b"")


class PipelinePlanner(PipelineSpec):
    """The part of `Pipeline` that plans; see there for the parameters."""

    @cached_property
    def _kept_plan(self) -> Callable[[Start, Limits], Plan]:
        return lru_cache(_PLANS_KEPT)(self._build)

    def plan(
        self, source: AnySource, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> Plan:
        """Return the physical plan for a source. Only the source's header is read.

        Parameters
        ----------
        source, seed, limits
            As for calling the pipeline.

        Returns
        -------
        Plan
            The stages that calling the pipeline would run. Print it to see them.

        Raises
        ------
        SourceError, IncompatibleSource, LimitExceeded
        """
        return self._planned(source, seed, limits)[0]

    def _planned(self, source: AnySource, seed: int | Seed, limits: Limits) -> tuple[Plan, Content]:
        loaded = load_source(source, self.kind, limits)
        return self._plan(loaded, seed, limits), loaded.content

    def _plan(self, loaded: Loaded, seed: int | Seed, limits: Limits) -> Plan:
        content = loaded.content
        if not self.random:
            plan = self._kept_plan(loaded.start, limits)
        else:
            whole = (Seed(seed) if isinstance(seed, int) else seed).of(content)
            plan = self._build(loaded.start, limits, Draws.of(self.fingerprint, whole))
        if isinstance(content, bytes):
            plan.require(len(content), limits)
        return plan

    def _build(self, start: Start, limits: Limits, draws: Draws = _NO_DRAWS) -> Plan:
        rules = planning.allowed_rules(exact=self.exact)
        return planning.build(self.steps, self.encoding, start, limits, rules=rules, draws=draws)
