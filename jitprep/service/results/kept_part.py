"""What is kept of a pipeline: its result, or what comes before its first random step."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from jitprep.service.results.copy_place import CopyPlace
from jitprep.service.results.read_through import ReadThrough, copy_name, read_through
from preprocessing import Encoded, Limits, Pipeline, Seed
from preprocessing.frozen import frozen
from preprocessing.planner.split import Split, split

if TYPE_CHECKING:
    from jitprep.service.results.copy_format import FoundCopy
    from jitprep.service.source.response_heads import ObjectHead
    from preprocessing.media import Array
    from preprocessing.sources import AnySource


@frozen
class KeptPart:
    """A store, and what is kept in it of one pipeline's results.

    Parameters
    ----------
    store : ReadThrough
    pipeline : Pipeline
    parts : Split, optional
        Of a random pipeline: only its first part is kept.
    """

    store: ReadThrough
    pipeline: Pipeline
    parts: Split | None

    @classmethod
    def of(cls, place: CopyPlace, pipeline: Pipeline) -> KeptPart | None:
        """Return what is kept; None where nothing can be."""
        return _kept(read_through(place), pipeline)

    @property
    def draws(self) -> bool:
        """Whether a copy is only the first part, so that something is left to compute."""
        return self.parts is not None

    def name(self, source_name: str, version: str | None) -> str | None:
        """Return the name of an object's copy; None where its version is not known for sure.

        Parameters
        ----------
        source_name : str
            The original's URL.
        version : str, optional
            `ObjectHead.version`.
        """
        if version is None:
            return None
        what = self.pipeline if self.parts is None else self.parts.first
        kind = "result" if self.parts is None else "array"
        return copy_name(source_name, version, f"{kind} {what.fingerprint}")

    def find(self, source_name: str, head: ObjectHead) -> FoundCopy | None:
        """Return the copy for what an original is now; None where there is none."""
        name = self.name(source_name, head.version)
        return None if name is None else self.store.find(name)

    def keep(self, source_name: str, version: str | None, copy: Encoded) -> None:
        """Keep a copy, which is written in the background."""
        name = self.name(source_name, version)
        if name is not None:
            self.store.keep(name, copy)

    def finish(self, found: FoundCopy, seed: Seed, limits: Limits) -> Encoded | None:
        """Return the result; None where it takes the original, as for some draws."""
        if self.parts is None:
            return Encoded(found.body, found.content_type, dict(found.metadata))
        return self.parts.finish(found.body, found.metadata, seed, limits)

    def make(self, source: AnySource, seed: Seed, limits: Limits) -> tuple[Encoded, Encoded | None]:
        """Return the result of an original, and what to keep of it, if anything.

        Raises
        ------
        PreprocessingError
            As `Pipeline.encode`.
        """
        if self.parts is not None:
            return self.parts.make(source, seed, limits)
        made = self.pipeline.encode(source, seed=seed, limits=limits)
        # What is passed through unchanged has no shape, and would be a copy of the original.
        return made, made if "shape" in made.metadata else None


def write_samples(body: bytes | bytearray | memoryview, out: Array) -> None:
    """Write the samples at the end of an encoded tensor to an array of their shape and dtype."""
    samples = np.frombuffer(body, out.dtype, offset=len(body) - out.nbytes)
    out[...] = samples.reshape(out.shape)


@lru_cache(maxsize=64)
def _kept(store: ReadThrough, pipeline: Pipeline) -> KeptPart | None:
    parts = split(pipeline) if pipeline.random else None
    return None if pipeline.random and parts is None else KeptPart(store, pipeline, parts)
