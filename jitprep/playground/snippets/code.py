"""A pipeline in Python: of one object, and of a reader of many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jitprep.playground.snippets.snippet import Snippet
from jitprep.playground.snippets.target import Target
from preprocessing import Pipeline
from preprocessing.spec.view_specs import SectionsSpec

if TYPE_CHECKING:
    from preprocessing.pipeline import AnyPipeline


def python_code(pipeline: AnyPipeline, target: Target, seed: int) -> Iterator[Snippet]:
    """Yield what runs the pipeline on the object, and what reads many, where a reader can."""
    yield Snippet(
        "python", "Python", "python", _one(pipeline, target, seed), _about_one(pipeline, target)
    )
    if isinstance(pipeline, Pipeline) and not _is_many(pipeline):
        yield Snippet(
            "reader",
            "Reader",
            "python",
            _reader(pipeline, target, seed),
            "Reads any object of the place as an array, and batches for training.",
        )


def _one(pipeline: AnyPipeline, target: Target, seed: int) -> str:
    names = [] if isinstance(pipeline, Pipeline) else ["ShardPipeline"]
    seeded = ""
    if pipeline.random:
        names.append("Seed")
        key = "" if names[0] == "ShardPipeline" else f", {_quoted(target.drawn_key)}"
        seeded = f", seed=Seed({seed}{key})"
    lines = ["from jitprep import Pipeline"] if isinstance(pipeline, Pipeline) else []
    lines += [f"from preprocessing import {', '.join(names)}"] if names else []
    made = f"{type(pipeline).__name__}.parse({_quoted(str(pipeline))})"
    lines += ["", f"pipeline = {made}"]
    called = f"({_quoted(target.path)}{seeded})"
    if not isinstance(pipeline, Pipeline):
        lines += [f"for sample in pipeline{called}:", '    print(sample["__key__"], list(sample))']
    elif _is_many(pipeline):
        lines += [
            f"for key, views in pipeline.views{called}.items():",
            "    print(key, views.shape)",
        ]
    else:
        lines += [f"result = pipeline{called}", "print(result.shape, result.dtype)"]
    return "\n".join(lines) + "\n"


def _about_one(pipeline: AnyPipeline, target: Target) -> str:
    about = []
    if target.fetch:
        about.append(f"First copy the object: {target.fetch}")
    inner = pipeline if isinstance(pipeline, Pipeline) else pipeline.pipeline
    if any(step.version is not None for step in inner.steps):
        about.append("Import the module of your own steps first, or name it in JITPREP_STEPS.")
    return "\n".join(about)


def _reader(pipeline: Pipeline, target: Target, seed: int) -> str:
    options = [_quoted(target.address), f"pipeline={_quoted(str(pipeline))}"]
    if target.endpoint is not None:
        options.append(f"endpoint_url={_quoted(target.endpoint)}")
    if pipeline.random:
        options.append(f"seed={seed}")
    inner = "".join(f"    {option},\n" for option in options)
    return (
        "from jitprep import open_reader\n\n"
        f"reader = open_reader(\n{inner})\n"
        f"result = reader.get({_quoted(target.key)})\n"
        "print(result.shape, result.dtype)\n"
    )


def _is_many(pipeline: Pipeline) -> bool:
    """Whether it returns several arrays."""
    return isinstance(pipeline.result, SectionsSpec)


def _quoted(text: str) -> str:
    """Return text as Python writes it, in double quotes where these need no escape."""
    written = repr(text)
    return written if '"' in written else f'"{written[1:-1]}"'
