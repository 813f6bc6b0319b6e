"""Plans for views: one shared image, and on it the stages of each view.

`build_views` makes an ordinary `Plan`, whose last stage is a `ViewsStage`. So a plan without views is
neither built nor run differently.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from preprocessing.cancellation import checkpoint
from preprocessing.errors import IncompatibleSource, LimitExceeded
from preprocessing.limits import nbytes, require_memory
from preprocessing.media import known
from preprocessing.planner.lowering import lower_steps, naming_step, step_place
from preprocessing.planner.plan import Plan, rewrite
from preprocessing.planner.rewrites import Draft
from preprocessing.planner.stages import CropStage, Decode, FlipStage, Given
from preprocessing.planner.stages.views import ViewsStage
from preprocessing.spec.sections import divide, joined_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from preprocessing.encodings import Encoding
    from preprocessing.limits import Limits
    from preprocessing.media import Spec
    from preprocessing.planner.rewrites import Rule
    from preprocessing.planner.stages import Stage, Start
    from preprocessing.rng import Draws
    from preprocessing.spec.sections import Section
    from preprocessing.spec.view_specs import SectionsSpec, ViewsSpec
    from preprocessing.transforms import Transform


def build_views(
    steps: Sequence[Transform],
    encoding: Encoding,
    source: Start,
    limits: Limits,
    *,
    rules: Sequence[Rule],
    draws: Draws,
) -> Plan:
    """Build the plan of a pipeline with views. Parameters and errors are those of `plan.build`.

    The shared steps are rewritten by themselves: an image that many views begin from is made once. The
    stages of a view are rewritten as those of a pipeline that begins from it.
    """
    shared_steps, sections = divide(steps)
    shared = lower_steps(shared_steps, source.output(), None, limits, draws)
    result = _result(sections, shared.spec, limits)
    with naming_step(len(steps) + 1, encoding):
        encoding.accept(result)
    draft, rewrites = rewrite(Draft(source, shared.stages), rules)
    before: tuple[Stage, ...] = draft.stages
    begin: Start = Given(shared.spec)
    moves = before[:0]
    if all(isinstance(stage, CropStage | FlipStage) for stage in before):
        # These cost nothing, and the image before them may be decoded at a smaller scale.
        begin, moves, before = draft.source, before, ()
    drafts = list[Draft]()
    for stages, count in _lowered(sections, shared.spec, limits, draws):
        drafts += [Draft(begin, (*moves, *stages))] * count
    views = _rewrite_views(drafts, rules)
    stage = ViewsStage(tuple(view.stages for view, _ in views), result, encoding)
    start = draft.source if before else views[0][0].source
    applied = dict.fromkeys((*rewrites, *(rule for _, used in views for rule in used)))
    plan = Plan(start, (*before, stage), tuple(applied), encoding, result, None)
    branch = step_place(sections[0].place, sections[0].branch)
    plan.require(0, limits, (*shared.names, (stage, branch)))
    return plan


def _result(sections: Sequence[Section], spec: Spec, limits: Limits) -> ViewsSpec | SectionsSpec:
    """Return the spec of all views of an image of `spec`, before anything is planned for each.

    Raises
    ------
    IncompatibleSource, LimitExceeded
    """
    views = []
    for section in sections:
        view = spec
        for index, step in section.steps:
            with naming_step(index, step):
                view = step.infer(view)
        views.append(view)
        if known(view.shape) is None:
            raise IncompatibleSource(
                f"{step_place(section.place, section.branch)}: the size of a view depends on what is "
                "drawn, so that views cannot be stacked; end the section with a fixed size, such as "
                "center_crop:224"
            )
    result = joined_spec(sections, views)
    first = step_place(sections[0].place, sections[0].branch)
    count = sum(section.branch.count for section in sections)
    if count > limits.frames:
        raise LimitExceeded(
            f"{first}: would make {count} views, more than the limit of {limits.frames}; ask for fewer"
        )
    require_memory(nbytes(result), limits, first)
    return result


def _lowered(
    sections: Sequence[Section], spec: Spec, limits: Limits, draws: Draws
) -> Iterator[tuple[tuple[Stage, ...], int]]:
    """Yield the stages of each view, and 1, or the number of views if nothing is drawn for them.

    Each view has draws of its own, by its section and its number.
    """
    for section in sections:
        own, count = draws.fork(section.place), section.branch.count
        random = any(step.random for _, step in section.steps)
        for number in range(count if random else 1):
            checkpoint()
            lowered = lower_steps(section.steps, spec, None, limits, own.fork(number))
            yield lowered.stages, 1 if random else count


def _rewrite_views(
    drafts: Sequence[Draft], rules: Sequence[Rule]
) -> list[tuple[Draft, tuple[Rule, ...]]]:
    """Rewrite the drafts of all views, so that all begin from one decoded image.

    Each view alone may choose its own scale, and luma instead of RGB. If they differ, all are decoded
    at the largest of these scales, and in RGB.
    """
    views = _rewrite_each(drafts, rules, Draft.scales)
    chosen = dict.fromkeys(draft.source for draft, _ in views)
    if len(chosen) == 1:
        return views
    starts = [start for start in chosen if isinstance(start, Decode)]
    if not all(start.luma for start in starts):
        rules = [rule for rule in rules if rule.name != "luma_decode"]
    largest = max(start.eighths for start in starts)
    # A view may need more than the largest of these scales if it cannot have luma.
    for scales in ((largest,), ()) if largest < 8 else ((),):
        views = _rewrite_each(drafts, rules, scales)
        if len({draft.source for draft, _ in views}) == 1:
            break
    return views


def _rewrite_each(
    drafts: Sequence[Draft], rules: Sequence[Rule], scales: tuple[int, ...]
) -> list[tuple[Draft, tuple[Rule, ...]]]:
    """Rewrite each draft, and one that is given several times only once."""
    views: dict[int, tuple[Draft, tuple[Rule, ...]]] = {}
    for draft in drafts:
        if id(draft) not in views:
            checkpoint()
            views[id(draft)] = rewrite(replace(draft, scales=scales), rules)
    return [views[id(draft)] for draft in drafts]
