"""Pipelines of the page: presets are resolved, and steps that are switched off are left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from preprocessing import Pipeline
from preprocessing.encodings import Encoding, default_encoding
from preprocessing.frozen import frozen
from preprocessing.shards.shard_pipeline import ShardPipeline
from preprocessing.shards.spelling import split_spec, write_shard_document, write_shard_line
from preprocessing.shards.tar_step import Tar
from preprocessing.spec.kinds import result_kind
from preprocessing.spec.line import write_step
from preprocessing.spec.parse import (
    Parsed,
    is_shard_spelling,
    parse_spec,
    read_spelling,
    write_document,
    write_line,
)
from preprocessing.spec.step import StepBase
from preprocessing.transforms import Branch, Transform

if TYPE_CHECKING:
    from jitprep.playground.playground import Playground
    from preprocessing.media import SourceKind
    from preprocessing.pipeline import AnyPipeline


def effective(playground: Playground, pipeline: str, off: Collection[int]) -> AnyPipeline:
    """Return the pipeline that runs.

    Parameters
    ----------
    playground : Playground
    pipeline : str
        Any spelling, or a preset's name.
    off : collection of int
        As for `WholePipeline`.

    Raises
    ------
    SpecError
    """
    spec = preset_or_spelling(playground.presets, pipeline)
    return WholePipeline.parse(spec, off).effective()


def preset_or_spelling(presets: Mapping[str, Any], text: str) -> str | Mapping[str, Any]:
    """Return the spelling of the preset of this name, or the text itself where there is none."""
    spelling: str | Mapping[str, Any] = presets.get(text.strip(), text)
    return spelling


@frozen
class WholePipeline:
    """A pipeline with all of its steps, and those that are left out when it runs.

    Parameters
    ----------
    tar : Tar, optional
        Of a pipeline for shards.
    parsed : Parsed
    off : frozenset of int
        Steps to leave out, by their place from 0; the encoding is the last one. Without the encoding the
        default one is used. Other numbers are ignored, since a text may lose steps while it is
        edited. Without a branch its section is left out too, unless it is the only one: its steps then
        make one image.
    """

    tar: Tar | None
    parsed: Parsed
    off: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, spec: str | Mapping[str, Any], off: Collection[int] = ()) -> WholePipeline:
        """Parse any spelling. Steps that do not fit to each other are found by `effective` only.

        Raises
        ------
        SpecError
        """
        given = read_spelling(spec)
        tar = None
        if is_shard_spelling(given):
            tar, given = split_spec(given)
        return cls(tar, parse_spec(given), frozenset(off))

    @property
    def steps(self) -> tuple[StepBase, ...]:
        """All steps; the last one is the encoding."""
        return (*self.parsed.steps, self.parsed.encoding)

    @property
    def words(self) -> list[str]:
        """The words before the steps, as a line has them."""
        return [*([] if self.tar is None else [write_step(self.tar)]), *self.parsed.prefixes]

    @property
    def line(self) -> str:
        """The canonical line."""
        line = write_line(self.parsed)
        return line if self.tar is None else write_shard_line(self.tar, line)

    @property
    def document(self) -> dict[str, Any]:
        """The pipeline as a document of plain values."""
        document = write_document(self.parsed)
        return document if self.tar is None else write_shard_document(self.tar, document)

    @property
    def kept(self) -> tuple[int, ...]:
        """Places of the steps that are not left out. The encoding's is the last, even if it is."""
        steps = self.parsed.steps
        starts = [place for place, step in enumerate(steps) if isinstance(step, Branch)]
        off = set(self.off)
        if len(starts) > 1:
            for start, end in zip(starts, [*starts[1:], len(steps)], strict=True):
                off |= set(range(start, end)) if start in off else set()
        return (*(place for place in range(len(steps)) if place not in off), len(steps))

    def effective(self) -> AnyPipeline:
        """Return the pipeline that runs.

        Raises
        ------
        SpecError
            Its places are those of the steps that are kept.
        """
        steps, kind = self._transforms(), self._kind()
        parsed = self.parsed
        pipeline = Pipeline(
            steps, self._encoding(steps, kind), exact=parsed.exact, kind=kind, skip=parsed.skip
        )
        return pipeline if self.tar is None else ShardPipeline(pipeline, self.tar)

    def _transforms(self) -> list[Transform]:
        steps = [self.parsed.steps[place] for place in self.kept[:-1]]
        keyed = [place for place, step in enumerate(steps) if isinstance(step, Branch) and step.key]
        others = sum(isinstance(step, Branch) for step in self.parsed.steps) > 1
        if others and len(keyed) == 1:  # one section, which needs no name any more
            branch: Any = steps[keyed[0]]
            steps[keyed[0]] = replace(branch, key="")
        return steps

    def _kind(self) -> SourceKind | None:
        """Return the kind of the whole pipeline's source, which its steps may imply no longer."""
        parsed = self.parsed
        fits = parsed.bound or result_kind(parsed.steps, parsed.kind) is not None
        return parsed.kind if fits else None

    def _encoding(self, steps: list[Transform], kind: SourceKind | None) -> Encoding | None:
        parsed = self.parsed
        if len(parsed.steps) in self.off:
            return None
        end = None if kind is None else result_kind(steps, kind)
        usual = default_encoding(result_kind(parsed.steps, parsed.kind))
        fits = end is None or end in parsed.encoding.input_kinds
        return parsed.encoding if fits or parsed.encoding != usual else None
