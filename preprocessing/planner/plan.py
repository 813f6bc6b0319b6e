"""The physical plan of one source, built from the pipeline and the source's header."""

from __future__ import annotations

from functools import cached_property, partial
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.limits import require_memory
from preprocessing.media import VideoSpec, known
from preprocessing.planner.lowering import Lowered, lower_steps, naming_step
from preprocessing.planner.peak import display_name, most_frames, peak
from preprocessing.planner.rewrites import RULES, Draft, Rule
from preprocessing.planner.stages import Stage, VideoStart
from preprocessing.spec.kinds import kind_mismatch
from preprocessing.spec.sections import divide, joined_spec
from preprocessing.transforms._base import Branch, Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from preprocessing.encodings import Encoding
    from preprocessing.encodings._base import Buffer
    from preprocessing.geometry.geometry import Geometry
    from preprocessing.limits import Limits
    from preprocessing.media import Kind, Spec
    from preprocessing.planner.peak import Moment
    from preprocessing.planner.stages import Start
    from preprocessing.rng import Draws
    from preprocessing.transforms import Transform


@frozen
class Plan:
    """What a pipeline does to one source, stage by stage. Immutable; `Pipeline.plan` makes it.

    Printing a plan shows each stage, the shape, type and size of its result, and the rewrites.

    Parameters
    ----------
    source : Start
        How the source is decoded, and for a video, which of its frames.
    stages : tuple of Stage
        The stages after decoding, in order. For a video they run once per frame.
    rewrites : tuple of Rule
        The rules that made this plan cheaper than a literal translation of the steps.
    encoding : Encoding
        How the result is written.
    output : Spec
        Kind, shape and dtype of the last stage's result.
    geometry : Geometry or None
        Where each place of the source is in the result; None if that is not an image, or several of
        them, or a step does not state where it moves places.

    Examples
    --------
    >>> import numpy as np
    >>> from preprocessing import Pipeline
    >>> image = np.zeros((375, 500, 3), np.uint8)
    >>> plan = Pipeline.parse("horizontal_flip/center_crop:224/npy").plan(image)
    >>> print(plan)
    Array
        -> 375×500×3 uint8, 562,500 bytes
    Crop(top=76, left=138, height=224, width=224)
        -> 224×224×3 uint8, 150,528 bytes
    Flip(direction='horizontal')
        -> 224×224×3 uint8, 150,528 bytes
    Npy()
        -> application/x-npy, 150,656 bytes
    rewrite window_before_mirror: exact
    """

    source: Start
    stages: tuple[Stage, ...]
    rewrites: tuple[Rule, ...]
    encoding: Encoding
    output: Spec
    geometry: Geometry | None

    @cached_property
    def holds(self) -> int:
        """Peak memory of the work in bytes, without the encoded source."""
        return self._peak[0]

    @cached_property
    def allocate(self) -> Callable[[], Buffer] | None:
        """Makes a body that the last stage can write into; None if there is none."""
        return self.encoding.allocator(self.output)

    @cached_property
    def _peak(self) -> Moment:
        return peak(self.source, self.stages, self.encoding, self.output)

    def require(self, given: int, limits: Limits, names: Sequence[tuple[Stage, str]] = ()) -> None:
        """Raise LimitExceeded unless the peak memory is within the limit.

        Parameters
        ----------
        given : int
            Bytes of the encoded source, which stays in memory during the work.
        limits : Limits
        names : sequence of (Stage, str)
            Stages as they were before the rewrites, each with the step that it was lowered from.
            The message names that step.

        Raises
        ------
        LimitExceeded
        """
        held, widest = self.holds + given, self._peak[1]
        if held > limits.memory:
            # Rules replace stages but keep those of one type in order: the n-th of a type before the
            # rewrites is the n-th after them, if none was added or removed.
            alike = [name for stage, name in names if type(stage) is type(widest)]
            place = [stage for stage in self.stages if type(stage) is type(widest)]
            known = len(alike) == len(place) > 0
            named = alike[[stage is widest for stage in place].index(True)] if known else ""
            require_memory(held, limits, named or display_name(widest))

    @property
    def rows(self) -> tuple[tuple[str, Spec], ...]:
        """Each stage as text, decoding first, with the spec of its result."""
        draft = Draft(self.source, self.stages)
        done = [str(self.source), *map(str, self.stages)]
        return tuple((what, draft.before(i)) for i, what in enumerate(done))

    def __str__(self) -> str:
        """Return the stages with the spec and size of each result, then the rewrites."""
        lines = [f"{what}\n    -> {spec}{_size(spec)}" for what, spec in self.rows]
        known = self.encoding.nbytes(self.output)
        size = "as the content compresses" if known is None else f"{known:,} bytes"
        lines.append(f"{self.encoding!r}\n    -> {self.encoding.content_type}, {size}")
        lines += [f"rewrite {rule.name}: {rule.tolerance}" for rule in self.rewrites]
        return "\n".join(lines)


def infer(steps: Sequence[Transform], encoding: Encoding, start: Spec) -> list[Spec]:
    """Return the spec before the first step and after each; the last is that of the whole result.

    Raises
    ------
    IncompatibleSource
        If a step or the encoding cannot take its input. The message names the step.
    """
    specs, shared = [start], None
    for index, step in enumerate(steps, 1):
        before = specs[-1]
        if isinstance(step, Branch):  # every section begins with what the first one begins with
            before = shared = shared or before
        with naming_step(index, step):
            _require_kind(step.input_kinds, before)
            specs.append(step.infer(before))
    if shared is not None:
        _, sections = divide(steps)
        specs[-1] = joined_spec(sections, [specs[section.end] for section in sections])
    with naming_step(len(steps) + 1, encoding):
        _require_kind(encoding.input_kinds, specs[-1])
        encoding.accept(specs[-1])
    return specs


def build(
    steps: Sequence[Transform],
    encoding: Encoding,
    source: Start,
    limits: Limits,
    *,
    rules: Sequence[Rule],
    draws: Draws,
) -> Plan:
    """Build the plan for one source: draw for random steps, lower all steps, apply the rewrites.

    Parameters
    ----------
    steps : sequence of Transform
    encoding : Encoding
    source : Start
        How the source is decoded if the steps skip nothing of it.
    limits : Limits
    rules : sequence of Rule
        The rewrites that may be applied; see `allowed_rules`.
    draws : Draws
        The random numbers of this request.

    Raises
    ------
    IncompatibleSource
        As `infer`.
    LimitExceeded
        If the work would exceed `limits`.
    """
    if any(isinstance(step, Branch) for step in steps):
        from preprocessing.planner.views import build_views  # noqa: PLC0415  few pipelines have views

        return build_views(steps, encoding, source, limits, rules=rules, draws=draws)
    source = select_frames(steps, source, limits)
    lowered = lower_pipeline(steps, encoding, source, limits, draws)
    return assemble(source, lowered, encoding, limits, rules)


def lower_pipeline(
    steps: Sequence[Transform], encoding: Encoding, source: Start, limits: Limits, draws: Draws
) -> Lowered:
    """Draw for random steps, and lower all steps, for a source whose frames are selected.

    Parameters
    ----------
    steps, encoding, source, limits, draws
        As for `build`.

    Raises
    ------
    IncompatibleSource, LimitExceeded
        As `build`, but without the peak memory.
    """
    places = [pair for pair in enumerate(steps, 1) if not isinstance(pair[1], Selection)]
    lowered = lower_steps(places, source.output(), source.geometry, limits, draws)
    with naming_step(len(steps) + 1, encoding):
        encoding.accept(lowered.spec)
    return lowered


def assemble(
    source: Start, lowered: Lowered, encoding: Encoding, limits: Limits, rules: Sequence[Rule]
) -> Plan:
    """Rewrite stages, and return the plan. Raises LimitExceeded."""
    draft, rewrites = rewrite(Draft(source, lowered.stages), rules)
    source, spec = draft.source, lowered.spec
    if isinstance(spec, VideoSpec) and spec.frames is None:
        assert isinstance(source, VideoStart)
        most = most_frames(source, draft.stages, encoding, spec, limits)
        source = source.limit_frames(most)
    plan = Plan(source, draft.stages, rewrites, encoding, spec, lowered.geometry)
    plan.require(0, limits, lowered.names)
    return plan


def select_frames(steps: Sequence[Transform], source: Start, limits: Limits) -> Start:
    """Return the source with only the frames that the steps keep, so that no others are decoded."""
    for index, step in enumerate(steps, 1):
        if isinstance(step, Selection):
            assert isinstance(source, VideoStart)
            with naming_step(index, step):
                source = source.narrow(partial(step.narrow, limits=limits))
    return source


def allowed_rules(*, exact: bool) -> tuple[Rule, ...]:
    """Return the rules for an exact pipeline, or for any other."""
    return tuple(rule for rule in RULES if rule.exact or not exact)


def rewrite(draft: Draft, rules: Sequence[Rule]) -> tuple[Draft, tuple[Rule, ...]]:
    """Apply the rules until none matches. This ends because every rule leaves less work."""
    applied: dict[str, Rule] = {}
    again = True
    while again:
        again = False
        for rule in rules:
            while better := rule.apply(draft):
                draft, again = better, True
                applied[rule.name] = rule
    return draft, tuple(applied.values())


def _require_kind(input_kinds: Sequence[Kind], spec: Spec) -> None:
    if spec.kind not in input_kinds:
        raise IncompatibleSource(kind_mismatch(input_kinds, spec.kind))


def _size(spec: Spec) -> str:
    sides = known(spec.shape)
    if sides is None or spec.kind == "text":
        return ""
    return f", {prod(sides) * np.dtype(spec.dtype).itemsize:,} bytes"
