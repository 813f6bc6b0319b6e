"""From a pipeline and a source's header to the physical plan, and from the plan to pixels."""

from __future__ import annotations

from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.decode import decode
from preprocessing.errors import IncompatibleSource, LimitExceeded
from preprocessing.frozen import frozen
from preprocessing.rewrites import RULES, Draft, Rule
from preprocessing.stages import Decode, Stage
from preprocessing.transforms.base import FixedTransform, RandomTransform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from preprocessing.draws import Draws
    from preprocessing.encodings import Encoding
    from preprocessing.media import Array, ImageSpec, Limits
    from preprocessing.transforms import Transform


@frozen
class Plan:
    """What will be done to one source, physically. Print it.

    Parameters
    ----------
    source : Decode or ImageSpec
        How the source is decoded; or, where it is an array already, what it is.
    stages : tuple of Stage
        What follows, in order.
    rewrites : tuple of Rule
        The rules that made this plan cheaper than the literal one.
    encoding : Encoding
    output : ImageSpec
        What the last stage gives.
    """

    source: Decode | ImageSpec
    stages: tuple[Stage, ...]
    rewrites: tuple[Rule, ...]
    encoding: Encoding
    output: ImageSpec

    @property
    def rows(self) -> tuple[tuple[str, ImageSpec], ...]:
        """Each thing that is done to the source, and the image after it."""
        draft = Draft(self.source, self.stages)
        done = [_show_source(self.source), *map(str, self.stages)]
        return tuple((what, draft.before(i)) for i, what in enumerate(done))

    def __str__(self) -> str:
        """Return a table: each stage, the image after it, its bytes; then the rewrites."""
        lines = [f"{what}\n    -> {spec}, {_size(spec):,} bytes" for what, spec in self.rows]
        known = self.encoding.nbytes(self.output)
        size = "as the content compresses" if known is None else f"{known:,} bytes"
        lines.append(f"{self.encoding!r}\n    -> {self.encoding.content_type}, {size}")
        lines += [f"rewrite {rule.name}: {rule.tolerance}" for rule in self.rewrites]
        return "\n".join(lines)


def infer(steps: Sequence[Transform], encoding: Encoding, start: ImageSpec) -> list[ImageSpec]:
    """Return the spec of the image before the first step and after each.

    Raises
    ------
    IncompatibleSource
        Where a step or the encoding cannot take the image that reaches it; the message names the step.
    """
    specs = [start]
    for index, step in enumerate(steps, 1):
        with _naming(index, step.name):
            specs.append(step.infer(specs[-1]))
    with _naming(len(steps) + 1, encoding.name):
        encoding.accept(specs[-1])
    return specs


def build(
    steps: Sequence[Transform],
    encoding: Encoding,
    source: Decode | ImageSpec,
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
        Where a stage would make more pixels than `limits` allow.
    """
    start = Draft(source, ()).before(0)
    spec, stages = start, list[Stage]()
    for index, step in enumerate(steps, 1):
        with _naming(index, step.name):
            for fixed, after in settle(step, spec, draws.fork(index)):
                _check_side(after, limits)
                stages += fixed.lower(spec)
                spec = after
    with _naming(len(steps) + 1, encoding.name):
        encoding.accept(spec)
    draft, rewrites = _rewrite(Draft(source, tuple(stages)), exact=exact)
    reached = draft.before(0)
    for stage in draft.stages:
        _check_pixels(stage, reached, limits)
        reached = stage.output(reached)
    return Plan(draft.source, draft.stages, rewrites, encoding, spec)


def settle(
    step: Transform, spec: ImageSpec, draws: Draws
) -> Iterator[tuple[FixedTransform, ImageSpec]]:
    """Yield the fixed transforms that a step is for an image of `spec`, with the spec after each.

    A random step chooses here; what it chooses may be random in turn.
    """
    if isinstance(step, RandomTransform):
        step.infer(spec)  # refuses what any of its choices could not take, whatever it draws
        for inner in step.choose(spec, draws):
            for fixed, after in settle(inner, spec, draws):
                yield fixed, after
                spec = after
    else:
        assert isinstance(step, FixedTransform)
        yield step, step.infer(spec)


def execute(plan: Plan, source: bytes | Array, out: Array | None = None) -> Array:
    """Run a plan.

    Parameters
    ----------
    plan : Plan
    source : bytes or ndarray
        The source that the plan was made for; an array is indexed (height, width, channel).
    out : ndarray, optional
        Where the result should be, indexed (height, width, channel), of the plan's output spec.

    Returns
    -------
    ndarray
        `out` where that was given. Otherwise perhaps a view of the source, or of memory that the next
        call in this thread uses again.
    """
    image: Array
    if isinstance(plan.source, Decode):
        assert isinstance(source, bytes)
        how = plan.source
        image = decode(source, how.header, eighths=how.eighths, luma=how.luma).array
    else:
        assert isinstance(source, np.ndarray)
        image = source
    last = len(plan.stages) - 1
    for i, stage in enumerate(plan.stages):
        image = stage.apply(image, out if i == last else None)
    if out is not None and not np.may_share_memory(image, out):
        np.copyto(out, image)
    return image if out is None else out


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


@contextmanager
def _naming(index: int, name: str) -> Iterator[None]:
    try:
        yield
    except (IncompatibleSource, LimitExceeded) as error:
        raise type(error)(f"step {index} {name!r}: {error}") from None


def _check_side(spec: ImageSpec, limits: Limits) -> None:
    longest = max(spec.height or 0, spec.width or 0)
    if longest > limits.side:
        raise LimitExceeded(
            f"would make a side of {longest} pixels, more than the limit of {limits.side}; raise the "
            "limit or ask for less"
        )


def _check_pixels(stage: Stage, spec: ImageSpec, limits: Limits) -> None:
    needed = stage.pixels(spec)
    if needed > limits.pixels:
        raise LimitExceeded(
            f"{type(stage).__name__.lower()} would hold {needed} pixels at once, more than the limit "
            f"of {limits.pixels}; raise the limit or ask for less"
        )


def _show_source(source: Decode | ImageSpec) -> str:
    if not isinstance(source, Decode):
        return "Array"
    header = source.header
    how = f", {source.eighths}/8" * (source.eighths < 8) + ", luma" * source.luma
    turned = f", EXIF orientation {header.orientation}" * (header.orientation != 1)
    stored = f"{header.stored[0]}×{header.stored[1]} {header.colorspace}"
    return f"Decode({header.format} {stored}{turned}{how})"


def _size(spec: ImageSpec) -> int:
    assert spec.height and spec.width
    return prod((spec.height, spec.width, spec.channels)) * np.dtype(spec.dtype).itemsize
