"""`Split`: a random pipeline in two parts, the steps before its first random one, and the others.

What the first part makes of a source is the same for every seed, so it can be kept. The second part
then makes of it what the whole pipeline makes of the source, bit for bit. It can, where no rewrite that
changes a bit reaches over the border: `_reaches_back` and `Split._may_keep` say when none does.
docs/decisions/store.md has the argument for each rule.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.encodings.npy import Npy
from preprocessing.errors import LimitExceeded, PreprocessingError, SpecError
from preprocessing.frozen import frozen
from preprocessing.geometry.geometry import Geometry
from preprocessing.media import (
    AudioSpec,
    Encoded,
    ImageSpec,
    IndexSpec,
    SpectrogramSpec,
    TokensSpec,
    VideoSpec,
    known,
)
from preprocessing.planner.execute import encode_result, execute
from preprocessing.planner.lowering import lower_steps
from preprocessing.planner.plan import Plan, allowed_rules, assemble
from preprocessing.planner.stages import (
    Cast,
    CropStage,
    Decode,
    FlipStage,
    Given,
    KernelStage,
    PadStage,
    Replicate,
    ResampleStage,
    ScaleShift,
    Stage,
)
from preprocessing.rng import Draws, Seed
from preprocessing.sources import load_source
from preprocessing.transforms import Branch, FixedTransform, Selection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing.limits import Limits
    from preprocessing.media import Array, Content, Spec
    from preprocessing.pipeline import Pipeline
    from preprocessing.planner.stages import Start
    from preprocessing.sources import AnySource
    from preprocessing.transforms import Transform

_SPECS = {
    kind.kind: kind
    for kind in (AudioSpec, ImageSpec, IndexSpec, SpectrogramSpec, TokensSpec, VideoSpec)
}
# A side of an image whose size is not known yet.
_SIDE = 4096
_CONTENT_TYPE = "application/octet-stream"


@frozen
class Split:
    """A random pipeline in two parts.

    Parameters
    ----------
    whole : Pipeline
    first : Pipeline
        The steps before the first random one, and those that select frames.
    rest : tuple of (int, Transform)
        The other steps, with their places in the whole.
    """

    whole: Pipeline
    first: Pipeline
    rest: tuple[tuple[int, Transform], ...]

    def make(self, source: AnySource, seed: Seed, limits: Limits) -> tuple[Encoded, Encoded | None]:
        """Return the result for a source, and what the first part makes; None where it is not kept.

        Parameters
        ----------
        source, seed, limits
            As for calling a pipeline.

        Raises
        ------
        PreprocessingError
            As `Pipeline.encode`.
        """
        content = load_source(source, self.whole.kind, limits).content
        seed = seed.of(content)
        # It raises what the whole pipeline raises, also what only the first part would not.
        self.whole.plan(content, seed=seed, limits=limits)
        kept = self._first(content, seed, limits)
        if kept is not None:
            made = self.finish(kept.body, kept.metadata, seed, limits)
            if made is not None:
                return made, kept
        return self.whole.encode(content, seed=seed, limits=limits), kept

    def finish(
        self, body: bytes | bytearray, metadata: Mapping[str, str], seed: Seed, limits: Limits
    ) -> Encoded | None:
        """Return the result that follows from what was kept; None where it takes the source.

        Raises
        ------
        IncompatibleSource
            As `Pipeline.encode`.
        """
        array, spec = _unpacked(body, metadata)
        before = metadata.get("geometry")
        if isinstance(spec, ImageSpec) and before is None:
            return None  # kept by a version that did not write it
        if seed.etag is None:
            seed = replace(seed, etag=metadata["etag"])
        geometry = Geometry.parse(before) if before else None
        plan = self._rest(spec, geometry, len(body), seed, limits)
        if plan is None:
            return None
        made, result = encode_result(plan, array)
        about = self.whole.planned_metadata(plan, result, seed)
        return Encoded(made, self.whole.encoding.content_type, about)

    def _first(self, content: Content, seed: Seed, limits: Limits) -> Encoded | None:
        try:
            plan = self.first.plan(content, limits=limits)
        except PreprocessingError:
            return None  # such as more memory than the whole pipeline takes
        if not self._may_keep(plan):
            return None
        array = execute(plan, content)
        spec = plan.output
        if isinstance(spec, VideoSpec):
            spec = replace(spec, frames=len(array))
        geometry = "" if plan.geometry is None else str(plan.geometry)
        return _packed(array, spec, {"etag": seed.etag or "", "geometry": geometry})

    def _may_keep(self, plan: Plan) -> bool:
        """Whether the whole pipeline begins with this plan's work, whatever is drawn.

        A JPEG may be decoded at a smaller scale where a later crop or resize allows it, unless a stage
        that stays in its place is before that.
        """
        source = plan.source
        if not isinstance(source, Decode) or self.whole.exact or not source.header.by_turbo:
            return True
        return any(isinstance(stage, ResampleStage | KernelStage) for stage in plan.stages)

    def _rest(
        self, spec: Spec, geometry: Geometry | None, given: int, seed: Seed, limits: Limits
    ) -> Plan | None:
        draws = Draws.of(self.whole.fingerprint, seed)
        try:
            lowered = lower_steps(self.rest, spec, geometry, limits, draws)
            if isinstance(spec, ImageSpec) and _reaches_back(lowered.stages):
                return None
            self.whole.encoding.accept(lowered.spec)
            rules = allowed_rules(exact=self.whole.exact)
            plan = assemble(_start(spec), lowered, self.whole.encoding, limits, rules)
            plan.require(given, limits)
        except LimitExceeded:
            return None  # the whole pipeline may take less
        return plan


def split(pipeline: Pipeline) -> Split | None:
    """Return a random pipeline in two parts; None where nothing is worth keeping, or can be.

    Pipelines with views are not split.
    """
    if any(isinstance(step, Branch) for step in pipeline.steps):
        return None
    places = list(enumerate(pipeline.steps, 1))
    number = next(i for i, step in places if step.random)
    chosen = [step for i, step in places if i < number or isinstance(step, Selection)]
    rest = tuple((i, step) for i, step in places if i >= number and not isinstance(step, Selection))
    if not chosen or pipeline.skip or pipeline.kind == "text":
        return None
    try:
        first = type(pipeline)(chosen, Npy(), exact=pipeline.exact, kind=pipeline.kind)
    except SpecError:
        return None
    if isinstance(first.result, ImageSpec) and not first.result.dtype.startswith("uint"):
        return None  # floats that are resampled in one step or in two differ in the last bit
    return None if _always_reaches_back(first.result, rest) else Split(pipeline, first, rest)


def _reaches_back(stages: Sequence[Stage]) -> bool:
    """Whether a rule that changes bits could merge one of these stages with what comes before all.

    Crops and flips move back without changing a bit. Arithmetic may be merged into a resampling, and
    luma into the decoder, unless a stage that stays in its place is before it.
    """
    resampled = False
    for stage in stages:
        if isinstance(stage, KernelStage):
            return False
        if isinstance(stage, ResampleStage):
            resampled = True
        elif isinstance(stage, ScaleShift | Cast):
            if not resampled:
                return True
        elif not isinstance(stage, CropStage | FlipStage | PadStage | Replicate):
            return True
    return False


def _always_reaches_back(spec: Spec, rest: Sequence[tuple[int, Transform]]) -> bool:
    """Whether a step reaches back where the random ones happen to do nothing.

    Then some draws could not use what was kept. So it is with most pipelines that normalise.
    """
    stages = list[Stage]()
    for _, step in rest:
        if not isinstance(spec, ImageSpec):
            break
        spec = replace(spec, height=spec.height or _SIDE, width=spec.width or _SIDE)
        try:
            stages += step.lower(spec) if isinstance(step, FixedTransform) else ()
            spec = step.infer(spec)
        except PreprocessingError:  # the size is an example; `_reaches_back` looks at each read too
            break
    return _reaches_back(stages)


def _start(spec: Spec) -> Start:
    if isinstance(spec, VideoSpec):
        from preprocessing.planner.stages.video import GivenVideo  # noqa: PLC0415  for videos

        return GivenVideo.of(spec, None)
    return Given(spec)


def _packed(array: Array, spec: Spec, more: Mapping[str, str]) -> Encoded | None:
    """Return an array's bytes, in the order that they have in memory; None for one with gaps."""
    order = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
    dense = array.transpose(order)
    if not dense.flags.c_contiguous:
        return None
    about = {field.name: getattr(spec, field.name) for field in fields(type(spec))}
    metadata = {
        "spec": json.dumps({"kind": spec.kind, **about}),
        "order": ",".join(map(str, order)),
        **more,
    }
    return Encoded(dense.tobytes(), _CONTENT_TYPE, metadata)


def _unpacked(body: bytes | bytearray, metadata: Mapping[str, str]) -> tuple[Array, Any]:
    """Return an array as it was packed, strides included: kernels may sum in the order of memory."""
    about = json.loads(metadata["spec"])
    spec = _SPECS[about.pop("kind")](**about)
    order = [int(axis) for axis in metadata["order"].split(",")]
    shape = known(spec.shape)
    assert shape is not None
    dense = np.frombuffer(body, spec.dtype).reshape([shape[axis] for axis in order])
    return dense.transpose(np.argsort(order)), spec
