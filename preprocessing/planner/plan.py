"""From a pipeline and a source's header to the physical plan, and from the plan to samples."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property, partial
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.errors import CorruptSource, IncompatibleSource, LimitExceeded
from preprocessing.frozen import frozen
from preprocessing.limits import require_memory, require_sides
from preprocessing.media import VideoSpec, known
from preprocessing.planner.peak import called, most_frames, peak
from preprocessing.planner.rewrites import RULES, Draft, Rule
from preprocessing.planner.stages import Stage
from preprocessing.spec.kinds import kind_mismatch
from preprocessing.transforms._base import FixedTransform, RandomTransform, Selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from preprocessing.encodings import Encoding
    from preprocessing.limits import Limits
    from preprocessing.media import Array, Content, Kind, Spec
    from preprocessing.planner.peak import Moment, called
    from preprocessing.planner.stages import Start
    from preprocessing.rng import Draws
    from preprocessing.spec.step import Step
    from preprocessing.transforms import Transform


@frozen
class Plan:
    """What will be done to one source, physically. Print it.

    Parameters
    ----------
    source : Start
        How the source is decoded; of a video, which frames.
    stages : tuple of Stage
        What follows, in order; of a video, for each frame.
    rewrites : tuple of Rule
        The rules that made this plan cheaper than the literal one.
    encoding : Encoding
    output : Spec
        What the last stage gives.
    """

    source: Start
    stages: tuple[Stage, ...]
    rewrites: tuple[Rule, ...]
    encoding: Encoding
    output: Spec

    @cached_property
    def holds(self) -> int:
        """Most bytes that are held at once, the encoded object left out."""
        return self._peak[0]

    @cached_property
    def _peak(self) -> Moment:
        return peak(self.source, self.stages, self.encoding, self.output)

    def require(self, given: int, limits: Limits, names: Sequence[tuple[Stage, str]] = ()) -> None:
        """Raise LimitExceeded where the work, with so many bytes of encoded object, holds too much.

        Parameters
        ----------
        given : int
        limits : Limits
        names : sequence of (Stage, str)
            Of stages, the steps that they were made for.
        """
        held, widest = self.holds + given, self._peak[1]
        if held > limits.memory:
            # The rules leave stages of one type in their order, but not always as they were.
            alike = [name for stage, name in names if type(stage) is type(widest)]
            place = [stage for stage in self.stages if type(stage) is type(widest)]
            known = len(alike) == len(place) > 0
            named = alike[[stage is widest for stage in place].index(True)] if known else ""
            require_memory(held, limits, named or called(widest))

    @property
    def rows(self) -> tuple[tuple[str, Spec], ...]:
        """Each thing that is done to the source, and what it is after it."""
        draft = Draft(self.source, self.stages)
        done = [str(self.source), *map(str, self.stages)]
        return tuple((what, draft.before(i)) for i, what in enumerate(done))

    def __str__(self) -> str:
        """Return a table: each stage, what there is after it, its bytes; then the rewrites."""
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
        Where a step or the encoding cannot take what reaches it; the message names the step.
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
    """Choose what random steps do, lower all steps for one source, and rewrite the result.

    Raises
    ------
    IncompatibleSource
        As `infer`.
    LimitExceeded
        Where the work would hold more than `limits` allow.
    """
    source = _narrowed(steps, source, limits)
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
        source = source.at_most(most_frames(source, draft.stages, encoding, spec, limits))
    plan = Plan(source, draft.stages, rewrites, encoding, spec)
    plan.require(0, limits, names)
    return plan


def _narrowed(steps: Sequence[Transform], source: Start, limits: Limits) -> Start:
    """Return how no more of a video is decoded than the steps leave of it."""
    for index, step in enumerate(steps, 1):
        if isinstance(step, Selection):
            with _naming(index, step):
                source = source.narrow(partial(step.narrow, limits=limits))
    return source


def resolve_random(
    step: Transform, spec: Spec, draws: Draws
) -> Iterator[tuple[FixedTransform, Spec]]:
    """Yield the fixed transforms that a step is for something of `spec`, with the spec after each.

    A random step chooses here; what it chooses may be random in turn.
    """
    if isinstance(step, RandomTransform):
        step.infer(spec)  # refuses what any of its choices could not take, whatever it draws
        for inner in step.choose(spec, draws):
            for fixed, after in resolve_random(inner, spec, draws):
                yield fixed, after
                spec = after
    else:
        assert isinstance(step, FixedTransform)
        yield step, step.infer(spec)


def execute(plan: Plan, content: Content, out: Array | None = None) -> Array:
    """Run a plan.

    Parameters
    ----------
    plan : Plan
    content : bytes or ndarray
        The source that the plan was made for.
    out : ndarray, optional
        Where the result should be, indexed as the plan's output spec tells.

    Returns
    -------
    ndarray
        `out` where that was given. Otherwise perhaps a view of the source, or of memory that the next
        call in this thread uses again.
    """
    if isinstance(plan.output, VideoSpec):
        return _frame_by_frame(plan, content, out)
    array = apply(plan.stages, plan.source.run(content), out)
    if out is not None and not np.may_share_memory(array, out):
        np.copyto(out, array)
    return array if out is None else out


def apply(stages: Sequence[Stage], array: Array, out: Array | None = None) -> Array:
    """Run stages; the result is in `out` where that was given and the last of them could use it."""
    last = len(stages) - 1
    for i, stage in enumerate(stages):
        checkpoint()
        array = stage.apply(array, out if i == last else None)
    return array


def _frame_by_frame(plan: Plan, content: Content, out: Array | None) -> Array:
    """Run a plan for each frame of a video, each into its place where it is known how many there are."""
    if out is None and (shape := known(plan.output.shape)) is not None:
        out = np.empty(shape, plan.output.dtype)
    made: list[Array] = []
    count = 0
    for count, frame in enumerate(plan.source.frames(content), 1):
        checkpoint()
        place = None if out is None else out[count - 1]
        array = apply(plan.stages, frame, place)
        if place is None:
            made.append(array.copy())
        elif not np.may_share_memory(array, place):
            np.copyto(place, array)
    if count == 0:
        raise CorruptSource("no frame of the video could be decoded; upload it again")
    return np.stack(made) if out is None else out


def _rewrite(draft: Draft, *, exact: bool) -> tuple[Draft, tuple[Rule, ...]]:
    """Apply the rules until none finds more to do; each of them leaves less to be done."""
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
