"""``explain``: what each stage of a plan returns, how long it takes, and what rewrites change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitprep.playground.asks import LookAsk
from jitprep.playground.looking.results import ReadOutcome, run_read
from jitprep.playground.looking.rewritten import RuleTrials
from jitprep.playground.looking.stages import draw_stages, time_plan
from jitprep.playground.looking.subject import Subject, read_subject
from jitprep.playground.playground import Playground
from preprocessing import LimitExceeded, Pipeline, VideoSpec
from preprocessing.sources import Loaded

# How long the rewrites are measured one by one.
_SECONDS = 3.0


def answer(playground: Playground, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stages of a read, the rewrites of its plan, and the difference to the exact pipeline.

    Raises
    ------
    AskRefused, RequestFailed, PreprocessingError
    """
    ask = LookAsk.of(asked)
    subject = read_subject(playground, ask, "stages are those of one object")
    loaded = subject.loaded
    if not isinstance(loaded, Loaded):
        return _passed(subject)
    result = run_read(subject, loaded, ask.seed)
    times = time_plan(result.plan, loaded.content)
    return {
        "stages": _stages(playground, subject, loaded, result, times),
        "encoding": {
            "what": repr(result.plan.encoding),
            "nbytes": len(result.body),
            "ms": times[-1],
        },
        **_rewrites(subject, loaded, result, ask.seed),
    }


def _stages(
    playground: Playground,
    subject: Subject,
    loaded: Loaded,
    result: ReadOutcome,
    times: tuple[float, ...],
) -> list[dict[str, Any]]:
    plan = result.plan
    drawn = draw_stages(playground.desk, plan, loaded.content, subject.pipeline.steps)
    frames = len(result.array) if isinstance(plan.output, VideoSpec) else 1
    return [
        {"what": what, "spec": str(spec), "nbytes": frames * nbytes, "ms": ms, "view": view}
        for (what, spec), ms, (view, nbytes) in zip(plan.rows, times[:-1], drawn, strict=True)
    ]


def _rewrites(subject: Subject, loaded: Loaded, result: ReadOutcome, seed: int) -> dict[str, Any]:
    trials = RuleTrials(subject, loaded, seed, _SECONDS)
    exact, why = None, ""
    try:
        exact = trials.difference_to_exact(result.plan, result.array)
    except LimitExceeded as error:
        why = f"exact/ would fail: {error}"
    rewrites = [
        {"name": rule.name, "tolerance": rule.tolerance, "difference": difference}
        for rule, difference in trials.differences(result.plan)
    ]
    found = exact and {**vars(exact), "line": _exact_line(subject.pipeline)}
    return {"rewrites": rewrites, "exact": found, "why": why}


def _exact_line(pipeline: Pipeline) -> str:
    kind, skip = pipeline.kind, pipeline.skip
    return str(Pipeline(pipeline.steps, pipeline.encoding, exact=True, kind=kind, skip=skip))


def _passed(subject: Subject) -> dict[str, Any]:
    nbytes = len(subject.item.content)
    sent = {"what": "passed through unchanged", "nbytes": nbytes, "ms": 0.0}
    return {"stages": [], "encoding": sent, "rewrites": [], "exact": None, "why": ""}
