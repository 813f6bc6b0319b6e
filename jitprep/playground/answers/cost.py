"""Where the work belongs and what it costs, as `jitprep cost` answers for this source."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jitprep.costs.answers import report
from jitprep.costs.answers.notes import notes
from jitprep.costs.answers.plot import render_plot
from jitprep.costs.answers.reasons import reasons
from jitprep.costs.answers.verdict import decide, two_sentences
from jitprep.costs.estimate import estimate_now
from jitprep.costs.inputs.measure import Unmeasured, measure_function
from jitprep.costs.inputs.plan import (
    DEFAULTS,
    MOST_EPOCHS,
    MOST_MS,
    MOST_OBJECTS,
    TrainingPlan,
)
from jitprep.costs.inputs.prices import SHIPPED, PriceError, load_prices, prices_of
from jitprep.playground.asks import AskRefused, LookAsk, SourceAsk
from jitprep.playground.desk import Asset
from jitprep.playground.listing import search_objects
from jitprep.playground.pipelines import effective
from jitprep.playground.reading import read_item
from preprocessing import Pipeline
from preprocessing.names import as_text

if TYPE_CHECKING:
    from jitprep.costs.estimate import Estimate
    from jitprep.costs.inputs.prices import Prices
    from jitprep.playground.playground import Playground

_REGION = "us-east-1"
_MOST_SAMPLES = 8


def answer(playground: Playground, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Measure the pipeline on the source, and return the estimate and the command that repeats it.

    Parameters
    ----------
    playground : Playground
    asked : mapping
        As for a look; ``gpu``, ``train_ms``, ``objects`` and ``epochs`` of the plan; and ``prefix`` to
        measure up to 8 objects of it, and not the source alone.
    """
    ask = LookAsk.of(asked)
    pipeline = _one_object(effective(playground, ask.pipeline, ask.off), ask.source)
    plan = _plan(asked, pipeline, packed=bool(ask.source.member))
    samples = _samples(playground, ask.source, asked.get("prefix"))
    try:
        prices = prices_of(load_prices(SHIPPED), _REGION, (plan.gpu, plan.server), SHIPPED)
        estimate = _measured(playground, pipeline, plan, prices, samples)
    except PriceError as error:
        raise AskRefused(str(error)) from None
    decision = decide(estimate)
    plot = Asset(render_plot(estimate).encode(), "image/svg+xml")
    return {
        "answer": two_sentences(estimate, decision),
        "title": report.title(estimate),
        "header": report.header(estimate),
        "rows": report.rows(estimate),
        "paid_header": report.paid_header(estimate),
        "paid_rows": report.paid_rows(estimate),
        "reasons": reasons(estimate, decision),
        "assumptions": notes(estimate),
        "plot": playground.desk.put(plot),
        "command": _command(playground, pipeline, plan, samples),
        "gpus": [name for name, one in sorted(prices.instances.items()) if one.gpus],
    }


def _one_object(pipeline: object, source: SourceAsk) -> Pipeline:
    """Return the pipeline that runs on one object: for shards, that of their samples."""
    if isinstance(pipeline, Pipeline):
        return pipeline
    if not source.member:
        raise AskRefused("the cost is of one sample; open one of the shard's members")
    of_samples: Pipeline = pipeline.pipeline  # type: ignore[attr-defined]
    return of_samples


def _plan(asked: Mapping[str, Any], pipeline: Pipeline, *, packed: bool) -> TrainingPlan:
    gpu = asked.get("gpu") or DEFAULTS.gpu
    if not isinstance(gpu, str):
        raise AskRefused("gpu must be the type of an instance")
    return TrainingPlan(
        objects=_whole(asked, "objects", DEFAULTS.objects, MOST_OBJECTS),
        epochs=_whole(asked, "epochs", DEFAULTS.epochs, MOST_EPOCHS),
        gpu=gpu,
        train_ms=_milliseconds(asked.get("train_ms", DEFAULTS.train_ms)),
        packed=packed,
        stackable=pipeline.stacks,
        random=pipeline.random,
    )


def _whole(asked: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = asked.get(name, default)
    if type(value) is not int or not 1 <= value <= most:
        raise AskRefused(f"{name} must be a whole number from 1 to {most:,}")
    return value


def _milliseconds(value: object) -> float:
    if type(value) not in (int, float) or not 0 <= value <= MOST_MS:  # type: ignore[operator]
        raise AskRefused(f"train_ms must be a number from 0 to {MOST_MS:,.0f}")
    return float(value)  # type: ignore[arg-type]


def _samples(playground: Playground, source: SourceAsk, prefix: object) -> Sequence[SourceAsk]:
    """Return the source, or up to 8 objects of a prefix of its place."""
    if not isinstance(prefix, str) or source.upload or source.member:
        return [source]
    place = playground.places.place(source.place)
    page = search_objects(place, prefix, "", "", _MOST_SAMPLES)
    found = [SourceAsk(place=source.place, key=each.key) for each in page.keys]
    return list(dict.fromkeys([source, *found]))[:_MOST_SAMPLES]


def _measured(
    playground: Playground,
    pipeline: Pipeline,
    plan: TrainingPlan,
    prices: Prices,
    samples: Sequence[SourceAsk],
) -> Estimate:
    with tempfile.TemporaryDirectory(prefix="jitprep-") as folder:
        files = []
        for number, sample in enumerate(samples):
            files.append(Path(folder, f"sample-{number + 1}"))
            files[-1].write_bytes(read_item(playground, sample).content)
        try:
            measured = measure_function(pipeline, files)
        except Unmeasured as error:
            message = str(error)
            for file, sample in zip(files, samples, strict=True):
                message = message.replace(str(file), _name(playground, sample))
            raise AskRefused(message) from None
    return estimate_now(pipeline, plan, _REGION, prices, measured)


def _command(
    playground: Playground, pipeline: Pipeline, plan: TrainingPlan, samples: Sequence[SourceAsk]
) -> str:
    options = {
        "pipeline": str(pipeline),
        "objects": str(plan.objects),
        "epochs": str(plan.epochs),
        "gpu": plan.gpu,
        "train-ms": repr(plan.train_ms).removesuffix(".0"),
    }
    given = [word for name, value in options.items() for word in (f"--{name}", value)]
    packed = ["--packed"] if plan.packed else []
    files = [_local_name(playground, sample) for sample in samples]
    return shlex.join(["jitprep", "cost", *files, *given, *packed])


def _local_name(playground: Playground, sample: SourceAsk) -> str:
    """Return the path of a file; of what is in no folder its name, as it may be saved."""
    if sample.place and not sample.member:
        url = playground.places.place(sample.place).url
        if url.scheme == "file":
            return as_text(str(Path(url.host, sample.key)))
    return f"./{_name(playground, sample).rpartition('/')[2]}"


def _name(playground: Playground, sample: SourceAsk) -> str:
    name = sample.member or sample.key or playground.uploads.read(sample.upload).name
    return as_text(name)
