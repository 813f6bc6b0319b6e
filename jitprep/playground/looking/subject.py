"""`Subject`: a source that was read, and the pipeline through which it is looked at."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from jitprep.playground.asks import AskRefused, LookAsk
from jitprep.playground.pipelines import effective
from jitprep.playground.reading import read_item
from preprocessing import Pipeline
from preprocessing.rng import Draws, Seed
from preprocessing.sources import Loaded, Passed, classify, load_source

if TYPE_CHECKING:
    from jitprep.playground.items import Item
    from jitprep.playground.playground import Playground
    from preprocessing import Limits, Plan


class Subject:
    """A source that was read, and the pipeline through which it is looked at.

    Parameters
    ----------
    pipeline : Pipeline
    item : Item
    limits : Limits
    """

    def __init__(self, pipeline: Pipeline, item: Item, limits: Limits) -> None:
        self.pipeline, self.item, self.limits = pipeline, item, limits

    @cached_property
    def loaded(self) -> Loaded | Passed:
        """The source with its header; `Passed` if it is of a kind that the pipeline skips.

        Raises
        ------
        SourceError, IncompatibleSource, LimitExceeded
        """
        load = classify if self.pipeline.skip else load_source
        return load(self.item.content, self.pipeline.kind, self.limits)

    @cached_property
    def _etag(self) -> str | None:
        etag = self.item.etag
        return Seed(0, "", etag).of(self.item.content).etag if self.pipeline.random else etag

    def seed(self, number: int) -> Seed:
        """Return the seed of a read of the source with this number."""
        return Seed(number, self.item.key, self._etag)

    def draws(self, number: int) -> Draws:
        """Return the random numbers of such a read."""
        return Draws.of(self.pipeline.fingerprint, self.seed(number))

    def plan(self, number: int) -> Plan:
        """Return the plan of such a read. Raises IncompatibleSource, LimitExceeded."""
        seed = self.seed(number)
        return self.pipeline.plan(self.item.content, seed=seed, limits=self.limits)


def read_subject(playground: Playground, ask: LookAsk, why_one: str) -> Subject:
    """Read the source of a question that is about one object.

    Parameters
    ----------
    playground : Playground
    ask : LookAsk
    why_one : str
        Beginning of the message where the pipeline is for shards.

    Raises
    ------
    AskRefused, RequestFailed, PreprocessingError
    """
    pipeline = effective(playground, ask.pipeline, ask.off)
    if not isinstance(pipeline, Pipeline):
        raise AskRefused(f"{why_one}; open a sample of the shard")
    return Subject(pipeline, read_item(playground, ask.source), playground.limits)
