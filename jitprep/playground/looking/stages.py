"""Stages of a plan: how long each takes, and what can be seen of what each returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitprep.playground.drawing.drawing import draw_value
from preprocessing.cancellation import checkpoint
from preprocessing.limits import frame
from preprocessing.planner.stages import ResampleStage, ScaleShift, VideoStart
from preprocessing.planner.stages.views import ViewsStage
from preprocessing.planner.timing import measure_plan
from preprocessing.planner.turns import TransformTurn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jitprep.playground.desk import Desk
    from jitprep.playground.drawing.view import View
    from preprocessing import Plan
    from preprocessing.media import Array, Content, Spec
    from preprocessing.planner.stages import Stage, Start
    from preprocessing.transforms import Transform

# How often a plan is timed, and for how long in all unless once takes longer.
_REPEATS = 3
_SECONDS = 1.0


def time_plan(plan: Plan, content: Content) -> tuple[float, ...]:
    """Return the milliseconds of each row of a plan, and last, of the encoding: the best of a few."""
    best = _timed(plan, content)
    more = min(_REPEATS - 1, int(_SECONDS * 1000 / max(sum(best), 1e-3)) - 1)
    for _ in range(more):
        best = tuple(map(min, best, _timed(plan, content)))
    return best


def draw_stages(
    desk: Desk, plan: Plan, content: Content, steps: Sequence[Transform]
) -> Iterator[tuple[View, int]]:
    """Yield the view of what each row of a plan returns, and its bytes: of a video, its first frame."""
    for place, (spec, array) in enumerate(_run(plan, content)):
        # A rewrite may normalise before the step's place, or after it.
        made_by = steps if _is_made(plan.stages[:place], spec) else ()
        encoding = plan.encoding if spec.kind == "sections" else None
        yield draw_value(desk, array, spec, made_by, encoding=encoding), array.nbytes


def _timed(plan: Plan, content: Content) -> tuple[float, ...]:
    checkpoint()
    with TransformTurn(content):
        return measure_plan(plan, content, 1)


def _run(plan: Plan, content: Content) -> Iterator[tuple[Spec, Array]]:
    """Yield what each row of a plan returns, in the order in memory that the next stage gets."""
    array = _decoded_first(plan.source, content)
    for place, (_, spec) in enumerate(plan.rows):
        checkpoint()
        if place:
            array = plan.stages[place - 1].apply(array)
        yield frame(spec), array.copy(order="K")


def _decoded_first(start: Start, content: Content) -> Array:
    return (
        next(iter(start.frames(content))) if isinstance(start, VideoStart) else start.run(content)
    )


def _is_made(stages: Sequence[Stage], spec: Spec) -> bool:
    """Whether values are to be read by the steps: an image is not before it is normalised."""
    if spec.kind != "image":
        return True
    return any(
        isinstance(stage, ScaleShift | ViewsStage)
        or (isinstance(stage, ResampleStage) and stage.affine is not None)
        for stage in stages
    )
