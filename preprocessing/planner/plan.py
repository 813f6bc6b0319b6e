"""The physical plan of one source, built from the pipeline and the source's header."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property, partial
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.errors import IncompatibleSource, LimitExceeded
from preprocessing.frozen import frozen
from preprocessing.limits import require_memory, require_sides
from preprocessing.media import VideoSpec, known
from preprocessing.planner.peak import display_name, most_frames, peak
from preprocessing.planner.rewrites import RULES, Draft, Rule
from preprocessing.planner.stages import Stage, VideoStart
from preprocessing.spec.kinds import kind_mismatch
from preprocessing.transforms._base import FixedTransform, RandomTransform, Selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from preprocessing.encodings import Encoding
    from preprocessing.limits import Limits
    from preprocessing.media import Kind, Spec
    from preprocessing.planner.peak import Moment
    from preprocessing.planner.stages import Start
    from preprocessing.rng import Draws
    from preprocessing.spec.step import Step
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

    @cached_property
    def holds(self) -> int:
        """Peak memory of the work in bytes, without the encoded source."""
        return self._peak[0]

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
    """Return the spec before the first step and after each.

    Raises
    ------
    IncompatibleSource
        If a step or the encoding cannot take its input. The message names the step.
    """
    specs = [start]
    for index, step in enumerate(steps, 1):
        with _naming(index, step):
            _require_kind(step.input_kinds, specs[-1])
            specs.append(step.infer(specs[-1]))
    with _naming(len(steps) + 1, encoding):
        _require_kind(encoding.input_kinds, specs[-1])
        encoding.accept(specs[-1])
    return specs


def build(
    steps: Sequence[Transform],
    encoding: Encoding,
    source: Start,
    limits: Limits,
    *,
    exact: bool,
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
    exact : bool
        Whether to use only the rules that exact pipelines allow.
    draws : Draws
        The random numbers of this request.

    Raises
    ------
    IncompatibleSource
        As `infer`.
    LimitExceeded
        If the work would exceed `limits`.
    """
    source = _select_frames(steps, source, limits)
    spec, stages, names = source.output(), list[Stage](), list[tuple[Stage, str]]()
    for index, step in enumerate(steps, 1):
        if isinstance(step, Selection):
            continue
        with _naming(index, step):
            for fixed, after in resolve_random(step, spec, draws.fork(index)):
                require_sides(after, limits)
                lowered = fixed.lower(spec)
                stages += lowered
                names += [(stage, _place(index, step)) for stage in lowered]
                spec = after
    with _naming(len(steps) + 1, encoding):
        encoding.accept(spec)
    draft, rewrites = _rewrite(Draft(source, tuple(stages)), exact=exact)
    source = draft.source
    if isinstance(spec, VideoSpec) and spec.frames is None:
        assert isinstance(source, VideoStart)
        most = most_frames(source, draft.stages, encoding, spec, limits)
        source = source.limit_frames(most)
    plan = Plan(source, draft.stages, rewrites, encoding, spec)
    plan.require(0, limits, names)
    return plan


def _select_frames(steps: Sequence[Transform], source: Start, limits: Limits) -> Start:
    """Return the source with only the frames that the steps keep, so that no others are decoded."""
    for index, step in enumerate(steps, 1):
        if isinstance(step, Selection):
            assert isinstance(source, VideoStart)
            with _naming(index, step):
                source = source.narrow(partial(step.narrow, limits=limits))
    return source


def resolve_random(
    step: Transform, spec: Spec, draws: Draws
) -> Iterator[tuple[FixedTransform, Spec]]:
    """Yield the fixed transforms that a step becomes for an input of `spec`, and the spec after each.

    A random step draws its transforms here; they may be random in turn.
    """
    if isinstance(step, RandomTransform):
        step.infer(spec)  # so that a source is refused or accepted whatever is drawn
        for inner in step.choose(spec, draws):
            for fixed, after in resolve_random(inner, spec, draws):
                yield fixed, after
                spec = after
    else:
        assert isinstance(step, FixedTransform)
        yield step, step.infer(spec)


def _rewrite(draft: Draft, *, exact: bool) -> tuple[Draft, tuple[Rule, ...]]:
    """Apply the rules until none matches. This ends because every rule leaves less work."""
    allowed = [rule for rule in RULES if rule.exact or not exact]
    applied: dict[str, Rule] = {}
    again = True
    while again:
        again = False
        for rule in allowed:
            while better := rule.apply(draft):
                draft, again = better, True
                applied[rule.name] = rule
    return draft, tuple(applied.values())


def _require_kind(input_kinds: Sequence[Kind], spec: Spec) -> None:
    if spec.kind not in input_kinds:
        raise IncompatibleSource(kind_mismatch(input_kinds, spec.kind))


@contextmanager
def _naming(index: int, step: Step) -> Iterator[None]:
    """Prefix an error with the step that raised it."""
    try:
        yield
    except (IncompatibleSource, LimitExceeded) as error:
        raise type(error)(f"{_place(index, step)}: {error}") from None


def _place(index: int, step: Step) -> str:
    return f"step {index} {step.name!r}"


def _size(spec: Spec) -> str:
    sides = known(spec.shape)
    if sides is None or spec.kind == "text":
        return ""
    return f", {prod(sides) * np.dtype(spec.dtype).itemsize:,} bytes"
