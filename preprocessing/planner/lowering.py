"""Lowering: a pipeline's steps become stages for a source of known size, with its random draws made."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from preprocessing.errors import IncompatibleSource, LimitExceeded
from preprocessing.frozen import frozen
from preprocessing.geometry.geometry import Geometry
from preprocessing.geometry.matrices import IDENTITY
from preprocessing.limits import require_sides
from preprocessing.media import ImageSpec
from preprocessing.planner.stages import Stage
from preprocessing.transforms._base import FixedTransform, RandomTransform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from preprocessing.limits import Limits
    from preprocessing.media import Spec
    from preprocessing.rng import Draws
    from preprocessing.spec.step import StepBase
    from preprocessing.transforms import Transform


@frozen
class Lowered:
    """Steps as stages, before the rewrites.

    Parameters
    ----------
    stages : tuple of Stage
    names : tuple of (Stage, str)
        Each stage with the step that it was lowered from.
    spec : Spec
        Of the result.
    geometry : Geometry or None
        Of the result; None if it is not an image, or a step does not state where it moves places.
    """

    stages: tuple[Stage, ...]
    names: tuple[tuple[Stage, str], ...]
    spec: Spec
    geometry: Geometry | None


def lower_steps(
    steps: Sequence[tuple[int, Transform]],
    spec: Spec,
    geometry: Geometry | None,
    limits: Limits,
    draws: Draws,
) -> Lowered:
    """Draw for random steps, and lower all steps.

    Parameters
    ----------
    steps : sequence of (int, Transform)
        Each with its place in the pipeline.
    spec : Spec
        Of the first step's input.
    geometry : Geometry or None
        Of the first step's input.
    limits : Limits
    draws : Draws

    Raises
    ------
    IncompatibleSource, LimitExceeded
        As `build`.
    """
    stages, names = list[Stage](), list[tuple[Stage, str]]()
    for index, step in steps:
        with naming_step(index, step):
            for fixed, after in resolve_random(step, spec, draws.fork(index)):
                require_sides(after, limits)
                lowered = fixed.lower(spec)
                geometry = geometry and _moved(geometry, lowered, spec, after)
                stages += lowered
                names += [(stage, step_place(index, step)) for stage in lowered]
                spec = after
    return Lowered(tuple(stages), tuple(names), spec, geometry)


def _moved(
    geometry: Geometry, stages: tuple[Stage, ...], spec: Spec, after: Spec
) -> Geometry | None:
    """Return the geometry after one more step, which was lowered to `stages`."""
    for index, stage in enumerate(stages):
        matrix = stage.matrix(spec)
        if matrix is None:
            return None
        spec = after if index == len(stages) - 1 else stage.output(spec)
        if matrix is not IDENTITY:
            geometry = geometry.then(matrix, _sides(spec))
    return geometry


def _sides(spec: Spec) -> tuple[int, int]:
    assert isinstance(spec, ImageSpec)
    assert spec.height
    assert spec.width
    return spec.height, spec.width


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


@contextmanager
def naming_step(index: int, step: StepBase) -> Iterator[None]:
    """Prefix an error with the step that raised it."""
    try:
        yield
    except (IncompatibleSource, LimitExceeded) as error:
        located = type(error)(f"{step_place(index, step)}: {error}")
        located.step = index
        raise located from None


def step_place(index: int, step: StepBase) -> str:
    """Return how messages name a step."""
    return f"step {index} {step.name!r}"
